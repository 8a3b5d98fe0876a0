//! `strongroom cert policy`, and policies in files.

use std::path::Path;

use serde_json::Value;
use strongroom_core::{ObjectName, Permission};

use super::{file, rows};
use crate::{
    Failure,
    arguments::CertPolicyCommand,
    output::{AnswerOutput, Output},
    printed::Printed,
    session::Session,
    table,
};

/// What errors call a file of one.
const WHAT: &str = "certificate policy";

/// The members of a policy, by the object that they stand in (Certificates/models.tsp, `CertificatePolicy`).
const MEMBERS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "id",
            "key_props",
            "secret_props",
            "x509_props",
            "lifetime_actions",
            "issuer",
            "attributes",
            "platformManaged",
        ],
    ),
    (
        "key_props",
        &["exportable", "kty", "key_size", "reuse_key", "crv"],
    ),
    ("secret_props", &["contentType"]),
    (
        "x509_props",
        &[
            "subject",
            "ekus",
            "sans",
            "key_usage",
            "validity_months",
            "basic_constraints",
        ],
    ),
    (
        "x509_props.sans",
        &["emails", "dns_names", "upns", "uris", "ipAddresses"],
    ),
    ("x509_props.basic_constraints", &["ca", "path_len_constraint"]),
    ("lifetime_actions", &["trigger", "action"]),
    (
        "lifetime_actions.trigger",
        &["lifetime_percentage", "days_before_expiry"],
    ),
    ("lifetime_actions.action", &["action_type"]),
    ("issuer", &["name", "cty", "cert_transparency"]),
    (
        "attributes",
        &["enabled", "created", "updated", "exp", "nbf", "recoveryLevel"],
    ),
    ("platformManaged", &["certificateUsage", "metadata"]),
];

/// The policy in a file, or a part of one.
pub(super) fn read(path: Option<&Path>) -> Result<Value, Failure> {
    let policy = file::object(path, WHAT)?;
    file::check_members(&policy, WHAT, MEMBERS)?;
    Ok(policy)
}

/// What is to be done with a policy, with everything that is read on this machine.
pub(crate) struct PolicyRequest {
    name: ObjectName,
    /// What is to change; nothing only prints it.
    change: Option<Value>,
    output: AnswerOutput,
}

impl PolicyRequest {
    /// Reads what `command` needs.
    pub(super) fn prepare(command: CertPolicyCommand, output: Option<Output>) -> Result<Self, Failure> {
        let output = AnswerOutput::of(output)?;
        let (name, change) = match command {
            CertPolicyCommand::Show { name } => (name, None),
            CertPolicyCommand::Set { name, from_file } => (name, Some(read(from_file.as_deref())?)),
        };
        Ok(Self { name, change, output })
    }

    /// Does it, and prints the policy as it is then.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let (vault, token, name) = (&session.vault, &session.token, &self.name);
        let policy = match &self.change {
            None => vault
                .certificate_policy(token, name)
                .await
                .map_err(session.failed(Permission::CertificateGet, Some(name)))?,
            Some(change) => vault
                .update_certificate_policy(token, name, change)
                .await
                .map_err(session.failed(Permission::CertificateUpdate, Some(name)))?,
        };
        match self.output {
            AnswerOutput::Text => Ok(Printed::Text(text(&policy))),
            AnswerOutput::Json => Printed::json(&policy),
        }
    }
}

fn text(policy: &Value) -> String {
    let at = |path: &str| policy.pointer(path);
    rows::render(&[
        ("Issuer", rows::member(at("/issuer/name"))),
        ("Subject", rows::member(at("/x509_props/subject"))),
        ("Names", names(at("/x509_props/sans"))),
        ("Valid for", months(at("/x509_props/validity_months"))),
        ("Key", key(policy)),
        ("Key is for", rows::member(at("/x509_props/key_usage"))),
        ("Extended uses", rows::member(at("/x509_props/ekus"))),
        ("Exportable", rows::member(at("/key_props/exportable"))),
        ("Reuses key", rows::member(at("/key_props/reuse_key"))),
        ("Secret", rows::member(at("/secret_props/contentType"))),
        ("Before its end", actions(at("/lifetime_actions"))),
    ])
}

/// The alternative names of every kind.
fn names(sans: Option<&Value>) -> String {
    let kinds = sans.and_then(Value::as_object);
    let names: Vec<_> = kinds
        .into_iter()
        .flat_map(|kinds| kinds.values())
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|name| name.as_str().map(ToOwned::to_owned))
        .collect();
    rows::list(&names)
}

fn months(value: Option<&Value>) -> String {
    let months = value.and_then(Value::as_u64);
    months.map_or_else(|| table::NONE.to_owned(), |months| format!("{months} months"))
}

fn key(policy: &Value) -> String {
    let at = |path: &str| policy.pointer(path);
    let kind = rows::member(at("/key_props/kty"));
    match (
        at("/key_props/crv"),
        at("/key_props/key_size").and_then(Value::as_u64),
    ) {
        (Some(curve), _) => format!("{kind}, {}", rows::member(Some(curve))),
        (None, Some(bits)) => format!("{kind}, {bits} bits"),
        (None, None) => kind,
    }
}

/// What happens before the end, and when.
fn actions(actions: Option<&Value>) -> String {
    let actions = actions.and_then(Value::as_array).into_iter().flatten();
    let said: Vec<_> = actions
        .filter_map(|action| {
            let name = action.pointer("/action/action_type")?.as_str()?;
            let number = |path: &str| action.pointer(path).and_then(Value::as_u64);
            let percent = number("/trigger/lifetime_percentage");
            let when = percent
                .map(|percent| format!("at {percent} % of its life"))
                .or_else(|| {
                    number("/trigger/days_before_expiry").map(|days| format!("{days} days before"))
                })?;
            Some(format!("{name} {when}"))
        })
        .collect();
    rows::list(&said)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_is_shown_a_line_for_each_part() {
        let policy = json!({
            "key_props": {"exportable": true, "kty": "RSA", "key_size": 2048, "reuse_key": false},
            "secret_props": {"contentType": "application/x-pkcs12"},
            "x509_props": {
                "subject": "CN=shop", "sans": {"dns_names": ["shop.example", "www.shop.example"]},
                "ekus": ["1.3.6.1.5.5.7.3.1"], "key_usage": [], "validity_months": 12,
            },
            "lifetime_actions": [
                {"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "AutoRenew"}},
                {"trigger": {"days_before_expiry": 7}, "action": {"action_type": "EmailContacts"}},
            ],
            "issuer": {"name": "Self"},
        });
        assert_eq!(
            text(&policy),
            "Issuer:          Self\n\
             Subject:         CN=shop\n\
             Names:           shop.example, www.shop.example\n\
             Valid for:       12 months\n\
             Key:             RSA, 2048 bits\n\
             Key is for:      <none>\n\
             Extended uses:   1.3.6.1.5.5.7.3.1\n\
             Exportable:      true\n\
             Reuses key:      false\n\
             Secret:          application/x-pkcs12\n\
             Before its end:  AutoRenew at 80 % of its life, EmailContacts 7 days before\n"
        );
        file::check_members(&policy, WHAT, MEMBERS).unwrap();
    }
}
