//! `strongroom cert issuer` and `strongroom cert contacts`.

use std::path::Path;

use serde_json::{Value, json};
use strongroom_client::vault::{CertificateContact, CertificateContacts, CertificateIssuer};
use strongroom_core::{ObjectName, Permission};

use super::{file, rows};
use crate::{
    Failure,
    arguments::{ContactsCommand, IssuerCommand, IssuerFlags},
    failure::CertFailure,
    output::{AnswerOutput, ObjectOutput, Output},
    printed::Printed,
    session::Session,
    table, terminal,
};

/// The most issuers that a list shows.
const MAX_LISTED: usize = 10_000;

/// What errors call files of them.
const ISSUER: &str = "issuer";
const CONTACTS: &str = "list of contacts";

/// The members of an issuer, by the object that they stand in. Of the member `strongroom` the vault itself refuses what it does
/// not know.
const ISSUER_MEMBERS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "id",
            "provider",
            "credentials",
            "org_details",
            "attributes",
            "strongroom",
        ],
    ),
    ("credentials", &["account_id", "pwd"]),
    ("org_details", &["id", "zip", "admin_details"]),
    (
        "org_details.admin_details",
        &["first_name", "last_name", "email", "phone"],
    ),
    ("attributes", &["enabled", "created", "updated"]),
];

/// The members of a list of contacts.
const CONTACTS_MEMBERS: &[(&str, &[&str])] = &[
    ("", &["id", "contacts"]),
    ("contacts", &["email", "name", "phone"]),
];

/// What is to be done with issuers, with everything that is read on this machine.
pub(crate) enum IssuerRequest {
    List {
        output: ObjectOutput,
    },
    One {
        name: ObjectName,
        deed: IssuerDeed,
        output: ObjectOutput,
    },
}

/// What is to be done with one issuer.
pub(crate) enum IssuerDeed {
    Show,
    Set(Value),
    Delete,
}

impl IssuerRequest {
    /// Reads what `command` needs.
    pub(super) fn prepare(command: IssuerCommand, output: Option<Output>) -> Result<Self, Failure> {
        let output = ObjectOutput::of(output)?;
        let (name, deed) = match command {
            IssuerCommand::List => return Ok(Self::List { output }),
            IssuerCommand::Show { name } => (name, IssuerDeed::Show),
            IssuerCommand::Set { name, flags } => (name, IssuerDeed::Set(issuer(flags)?)),
            IssuerCommand::Delete { name } => (name, IssuerDeed::Delete),
        };
        Ok(Self::One { name, deed, output })
    }

    /// Does it.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let (vault, token) = (&session.vault, &session.token);
        let (name, deed, output) = match self {
            Self::List { output } => {
                let listed = vault.list_certificate_issuers(token, MAX_LISTED).await;
                let issuers = listed.map_err(session.failed(Permission::CertificateListIssuers, None))?;
                return listing(&issuers, output);
            }
            Self::One { name, deed, output } => (name, deed, output),
        };
        let (issuer, done) = match deed {
            IssuerDeed::Show => {
                let read = vault.certificate_issuer(token, &name).await;
                let issuer = read.map_err(session.failed(Permission::CertificateGetIssuers, None))?;
                (issuer, None)
            }
            IssuerDeed::Set(issuer) => {
                let set = vault.set_certificate_issuer(token, &name, &issuer).await;
                let issuer = set.map_err(session.failed(Permission::CertificateSetIssuers, None))?;
                (issuer, Some("set"))
            }
            IssuerDeed::Delete => {
                let deleted = vault.delete_certificate_issuer(token, &name).await;
                let issuer = deleted.map_err(session.failed(Permission::CertificateDeleteIssuers, None))?;
                (issuer, Some("deleted"))
            }
        };
        match (output, done) {
            (ObjectOutput::Text, Some(done)) => Ok(Printed::Text(format!("issuer/{name} {done}\n"))),
            (ObjectOutput::Text, None) => Ok(Printed::Text(text(&issuer))),
            (ObjectOutput::Name, _) => Ok(Printed::Text(format!("issuer/{name}\n"))),
            (ObjectOutput::Json, _) => Printed::json(&issuer),
        }
    }
}

/// The issuer that flags or a file describe. A password is not sent: the vault keeps none.
fn issuer(flags: IssuerFlags) -> Result<Value, Failure> {
    if let Some(provider) = flags.provider {
        return Ok(json!({ "provider": provider }));
    }
    let issuer = file::object(flags.from_file.as_deref(), ISSUER)?;
    file::check_members(&issuer, ISSUER, ISSUER_MEMBERS)?;
    if issuer
        .pointer("/credentials/pwd")
        .is_some_and(|password| !password.is_null())
    {
        return Err(CertFailure::IssuerPassword.into());
    }
    Ok(issuer)
}

fn listing(issuers: &[CertificateIssuer], output: ObjectOutput) -> Result<Printed, Failure> {
    match output {
        ObjectOutput::Text if issuers.is_empty() => {
            terminal::remark("No issuers.");
            Ok(Printed::Nothing)
        }
        ObjectOutput::Text => {
            let row = |issuer: &CertificateIssuer| {
                [
                    terminal::field(issuer.name()),
                    rows::field(Some(&issuer.provider)),
                ]
            };
            let rows: Vec<_> = issuers.iter().map(row).collect();
            Ok(Printed::Text(table::render(["NAME", "PROVIDER"], &rows)))
        }
        ObjectOutput::Name => {
            let lines = issuers.iter().map(|issuer| format!("issuer/{}\n", issuer.name()));
            Ok(Printed::Text(lines.collect()))
        }
        ObjectOutput::Json => Printed::json(&issuers),
    }
}

fn text(issuer: &CertificateIssuer) -> String {
    let attributes = issuer.attributes.clone().unwrap_or_default();
    let account = issuer
        .credentials
        .as_ref()
        .and_then(|credentials| credentials.get("account_id"));
    let terms = |member: &str| rows::member(issuer.strongroom.as_ref().and_then(|terms| terms.get(member)));
    let mut lines = vec![
        ("Name", rows::field(Some(issuer.name()))),
        ("Provider", rows::field(Some(&issuer.provider))),
        ("Account", rows::member(account)),
        ("Enabled", attributes.enabled.unwrap_or(true).to_string()),
    ];
    if issuer.strongroom.is_some() {
        lines.extend([
            ("Signs with", terms("certificate")),
            ("DNS names", terms("dnsSuffixes")),
            ("Longest validity", terms("maxValidityMonths") + " months"),
        ]);
    }
    rows::render(&lines)
}

/// What is to be done with the contacts, with everything that is read on this machine.
pub(crate) struct ContactsRequest {
    deed: ContactsDeed,
    output: AnswerOutput,
}

enum ContactsDeed {
    Show,
    Set(Vec<CertificateContact>),
    Delete,
}

impl ContactsRequest {
    /// Reads what `command` needs.
    pub(super) fn prepare(command: ContactsCommand, output: Option<Output>) -> Result<Self, Failure> {
        Ok(Self {
            output: AnswerOutput::of(output)?,
            deed: match command {
                ContactsCommand::Show => ContactsDeed::Show,
                ContactsCommand::Delete => ContactsDeed::Delete,
                ContactsCommand::Set { emails, from_file } => {
                    ContactsDeed::Set(contacts(emails, from_file.as_deref())?)
                }
            },
        })
    }

    /// Does it.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let (vault, token) = (&session.vault, &session.token);
        let failed = session.failed(Permission::CertificateManageContacts, None);
        let (contacts, done) = match self.deed {
            ContactsDeed::Show => (vault.certificate_contacts(token).await, None),
            ContactsDeed::Set(contacts) => (
                vault.set_certificate_contacts(token, &contacts).await,
                Some("set"),
            ),
            ContactsDeed::Delete => (vault.delete_certificate_contacts(token).await, Some("deleted")),
        };
        let contacts = contacts.map_err(failed)?;
        match (self.output, done) {
            (AnswerOutput::Text, Some(done)) => Ok(Printed::Text(format!(
                "{} contacts {done}\n",
                contacts.contacts.len()
            ))),
            (AnswerOutput::Text, None) => Ok(Printed::Text(contacts_table(&contacts))),
            (AnswerOutput::Json, _) => Printed::json(&contacts),
        }
    }
}

/// The contacts that addresses or a file name.
fn contacts(emails: Vec<String>, from_file: Option<&Path>) -> Result<Vec<CertificateContact>, Failure> {
    if !emails.is_empty() {
        let contact = |email| CertificateContact {
            email: Some(email),
            ..CertificateContact::default()
        };
        return Ok(emails.into_iter().map(contact).collect());
    }
    let contacts = file::object(from_file, CONTACTS)?;
    file::check_members(&contacts, CONTACTS, CONTACTS_MEMBERS)?;
    let read: Result<CertificateContacts, _> = serde_json::from_value(contacts);
    // The places of errors are those of a file, of which nothing is left here.
    let wrong = |_| CertFailure::Json {
        what: CONTACTS,
        line: 1,
        column: 1,
    };
    Ok(read.map_err(wrong)?.contacts)
}

fn contacts_table(contacts: &CertificateContacts) -> String {
    let row = |contact: &CertificateContact| {
        [&contact.email, &contact.name, &contact.phone].map(|text| rows::field(text.as_deref()))
    };
    let rows: Vec<_> = contacts.contacts.iter().map(row).collect();
    table::render(["EMAIL", "NAME", "PHONE"], &rows)
}
