//! `strongroom cert create` and `strongroom cert renew`.

use std::time::Duration;

use serde_json::{Map, Value, json};
use strongroom_certificates::policy::{IssuerKind, Policy, SecretContentType};
use strongroom_client::vault::{
    CertificateChange, CertificateOperation, Certificates, NewAttributes, NewCertificate,
};
use strongroom_core::{ObjectName, Permission};

use super::{operation, pem, policy, show};
use crate::{
    Failure,
    arguments::{CertPolicyFlags, NewCertArguments, WaitArguments},
    failure::CertFailure,
    life,
    output::{CertificateOutput, ObjectOutput, Output},
    printed::Printed,
    session::Session,
    terminal,
};

/// The issuer of a certificate that is described by flags.
const OWN: &str = "Self";

/// A version that is to be made, with everything that is read on this machine.
pub(crate) struct MakeRequest {
    name: ObjectName,
    /// What it is; nothing takes the policy and the labels that the certificate has.
    new: Option<NewCertificate>,
    when: When,
    timeout: Duration,
    output: CertificateOutput,
}

/// When the command waits until the certificate is issued.
enum When {
    /// With the issuer Self.
    Own,
    Always,
    Never,
}

impl MakeRequest {
    /// What `arguments` describe. A policy that no vault takes is refused here.
    pub(super) fn create(
        name: ObjectName,
        arguments: &NewCertArguments,
        output: Option<Output>,
    ) -> Result<Self, Failure> {
        let output = CertificateOutput::of(output)?;
        let policy = match &arguments.from_file {
            Some(path) => policy::read(Some(path))?,
            None => described(&arguments.policy)?,
        };
        Policy::create(&policy).map_err(CertFailure::Policy)?;
        Ok(Self::new(name, &arguments.wait, output).with(NewCertificate {
            policy: Some(policy),
            about: arguments.about.of_new(),
        }))
    }

    /// The next version of a certificate by its own policy.
    pub(super) fn renew(
        name: ObjectName,
        wait: &WaitArguments,
        output: Option<Output>,
    ) -> Result<Self, Failure> {
        Ok(Self::new(name, wait, CertificateOutput::of(output)?))
    }

    const fn new(name: ObjectName, wait: &WaitArguments, output: CertificateOutput) -> Self {
        Self {
            name,
            new: None,
            when: match (wait.wait, wait.no_wait) {
                (true, _) => When::Always,
                (false, true) => When::Never,
                (false, false) => When::Own,
            },
            timeout: Duration::from_secs(wait.timeout),
            output,
        }
    }

    fn with(self, new: NewCertificate) -> Self {
        Self {
            new: Some(new),
            ..self
        }
    }

    /// Has the vault begin, and waits where that is wanted.
    pub(super) async fn perform(self, session: &Session) -> Result<Printed, Failure> {
        let Self {
            name,
            new,
            when,
            timeout,
            output,
        } = self;
        let (new, done) = match new {
            Some(new) => (new, "created"),
            None => (kept(session, &name).await?, "renewed"),
        };
        let begun = session
            .vault
            .create_certificate(&session.token, &name, &new)
            .await
            .map_err(session.failed(Permission::CertificateCreate, Some(&name)))?;
        let waits = match when {
            When::Own => IssuerKind::of(&begun.operation.issuer.name) == IssuerKind::Own,
            When::Always => true,
            When::Never => false,
        };
        if !waits {
            return requested(&begun.operation, &name, output);
        }
        operation::wait(session, &name, begun, timeout).await?;
        let made = session
            .vault
            .get_certificate(&session.token, &name, None)
            .await
            .map_err(session.failed(Permission::CertificateGet, Some(&name)))?;
        match output {
            CertificateOutput::Object(output) => life::object::<Certificates>(&made, done, output),
            CertificateOutput::Pem => show::certificate(&made, done, output),
        }
    }
}

/// What a renewal asks for: the policy that there is, and the same labels.
async fn kept(session: &Session, name: &ObjectName) -> Result<NewCertificate, Failure> {
    let present = session
        .vault
        .get_certificate(&session.token, name, None)
        .await
        .map_err(session.failed(Permission::CertificateGet, Some(name)))?;
    Ok(NewCertificate {
        policy: None,
        about: CertificateChange {
            attributes: NewAttributes {
                enabled: Some(true),
                ..NewAttributes::default()
            },
            tags: Some(present.tags).filter(|tags| !tags.is_empty()),
        },
    })
}

/// An operation that nobody waits for: of one that somebody else is to end, the request.
fn requested(
    operation: &CertificateOperation,
    name: &ObjectName,
    output: CertificateOutput,
) -> Result<Printed, Failure> {
    let issuer = &operation.issuer.name;
    match output {
        CertificateOutput::Object(ObjectOutput::Text) if IssuerKind::of(issuer) == IssuerKind::Unknown => {
            terminal::tell(&format!(
                "certificate/{name} waits for what somebody issues for this request: cert merge {name} -f FILE"
            ));
            Ok(Printed::Text(pem::request(operation, name)?))
        }
        CertificateOutput::Object(ObjectOutput::Text) => {
            let issuer = terminal::field(issuer);
            Ok(Printed::Text(format!(
                "certificate/{name} requested, issuer {issuer}\n"
            )))
        }
        CertificateOutput::Object(ObjectOutput::Name) => Ok(Printed::Text(format!("certificate/{name}\n"))),
        CertificateOutput::Object(ObjectOutput::Json) => Printed::json(operation),
        CertificateOutput::Pem => Ok(Printed::Text(pem::request(operation, name)?)),
    }
}

/// The policy that flags describe.
fn described(flags: &CertPolicyFlags) -> Result<Value, CertFailure> {
    let names = [
        ("dns_names", &flags.dns),
        ("ipAddresses", &flags.ip),
        ("emails", &flags.email),
        ("uris", &flags.uri),
    ];
    let sans: Map<_, _> = names
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(member, names)| (member.to_owned(), json!(names)))
        .collect();
    if flags.subject.is_none() && sans.is_empty() {
        return Err(CertFailure::NoName);
    }
    let kind = flags
        .kind
        .clone()
        .or_else(|| flags.curve.is_some().then(|| "EC".to_owned()));
    let mut policy = json!({
        "issuer": { "name": flags.issuer.as_deref().unwrap_or(OWN) },
        "key_props": {
            "kty": kind.map(|kind| kind.to_ascii_uppercase()),
            "key_size": flags.size,
            "crv": flags.curve,
            "exportable": !flags.not_exportable,
            "reuse_key": flags.reuse_key,
        },
        "secret_props": { "contentType": flags.secret_form.map(SecretContentType::name) },
        "x509_props": {
            "subject": flags.subject,
            "sans": Some(sans).filter(|sans| !sans.is_empty()),
            "key_usage": flags.key_usage,
            "ekus": flags.eku,
            "validity_months": flags.validity,
        },
        "lifetime_actions": actions(flags),
    });
    drop_nulls(&mut policy);
    Ok(policy)
}

fn actions(flags: &CertPolicyFlags) -> Option<Value> {
    let renews = flags.renew_at.map(|percent| (percent, "AutoRenew"));
    let notifies = flags.notify_at.map(|percent| (percent, "EmailContacts"));
    renews.or(notifies).map(|(percent, action)| {
        json!([{
            "trigger": { "lifetime_percentage": percent },
            "action": { "action_type": action },
        }])
    })
}

/// Leaves out what is null, and what is empty after that.
fn drop_nulls(value: &mut Value) {
    if let Value::Object(members) = value {
        members.values_mut().for_each(drop_nulls);
        members
            .retain(|_, value| !value.is_null() && value.as_object().is_none_or(|object| !object.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_say_no_more_than_they_were_given() {
        let flags = CertPolicyFlags {
            dns: vec!["shop.example".to_owned()],
            curve: Some("P-384".to_owned()),
            notify_at: Some(90),
            ..CertPolicyFlags::default()
        };
        assert_eq!(
            described(&flags).unwrap(),
            json!({
                "issuer": { "name": "Self" },
                "key_props": { "kty": "EC", "crv": "P-384", "exportable": true, "reuse_key": false },
                "x509_props": { "sans": { "dns_names": ["shop.example"] } },
                "lifetime_actions": [{
                    "trigger": { "lifetime_percentage": 90 },
                    "action": { "action_type": "EmailContacts" },
                }],
            })
        );
        let refused = described(&CertPolicyFlags::default()).unwrap_err();
        assert!(matches!(refused, CertFailure::NoName), "{refused}");
    }
}
