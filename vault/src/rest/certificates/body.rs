//! The bodies of the operations on certificates.

use serde::de::MapAccess;
use strongroom_certificates::{content::LONGEST_TEXT, policy::SentPolicy};
use strongroom_core::ObjectName;
use strongroom_engine::{Change, Tags};

use super::super::body::{
    BodyError, MAX_BODY, Member, Members, Names, Next, TagsBody, Value, parse, replaced_tags, required,
};
use crate::certificates::{import::Import, merge::Merge};

/// The longest body with certificates in it, in bytes: the longest text of them, with one byte in six escaped as some
/// clients do it, and the rest of the largest body.
pub(super) const MAX_IMPORT: usize = LONGEST_TEXT / 6 * 7 + MAX_BODY;

/// Attributes of a certificate as a caller gives them. When it is valid, the certificate itself says: what a client sends
/// of that is passed over.
#[derive(Default)]
struct EnabledBody(Change<bool>);

impl Members for EnabledBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "enabled" => value.read(Member::Enabled, &mut self.0),
            _ => value.skip(),
        }
    }
}

/// What every body may hold that makes or changes a version.
#[derive(Default)]
struct Common {
    policy: Change<SentPolicy>,
    attributes: Change<EnabledBody>,
    tags: Change<TagsBody>,
    preserve_order: Change<bool>,
}

impl Members for Common {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "policy" => value.read(Member::CertificatePolicy, &mut self.policy),
            "attributes" => value.read_object(Member::Attributes, &mut self.attributes),
            "tags" => value.read(Member::Tags, &mut self.tags),
            "preserveCertOrder" => value.read(Member::PreserveOrder, &mut self.preserve_order),
            _ => value.skip(),
        }
    }
}

impl Common {
    /// Whether a version is to be enabled, where that is said.
    fn enabled(&mut self) -> Option<bool> {
        let attributes = std::mem::take(&mut self.attributes);
        attributes.given().and_then(|attributes| attributes.0.given())
    }
}

/// The body of `CreateCertificate`, and of `UpdateCertificate`, where what is not there stays and what is null is as if it
/// were not there, but for the tags.
pub(super) struct CreateBody {
    pub(super) policy: Option<SentPolicy>,
    pub(super) enabled: Option<bool>,
    pub(super) tags: Option<Tags>,
    pub(super) preserve_order: Option<bool>,
}

/// The body of `UpdateCertificate`. The order of a chain does not change.
pub(super) type UpdateBody = CreateBody;

impl CreateBody {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        let mut body: Common = parse(bytes)?;
        Ok(Self {
            enabled: body.enabled(),
            policy: body.policy.given(),
            tags: replaced_tags(body.tags),
            preserve_order: body.preserve_order.given(),
        })
    }
}

/// The body of `ImportCertificate`.
#[derive(Default)]
pub(super) struct ImportBody {
    value: Change<Value>,
    password: Change<Value>,
    common: Common,
}

impl Members for ImportBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "value" => value.read(Member::Value, &mut self.value),
            "pwd" => value.read(Member::Password, &mut self.password),
            _ => self.common.take(name, value),
        }
    }
}

/// What is imported, of which nothing was opened yet.
pub(super) struct Imported {
    value: Value,
    password: Option<Value>,
    common: Common,
}

impl ImportBody {
    pub(super) fn parse(bytes: &[u8]) -> Result<Imported, BodyError> {
        let body: Self = parse(bytes)?;
        Ok(Imported {
            value: required(body.value, Member::Value)?,
            password: body.password.given(),
            common: body.common,
        })
    }
}

impl Imported {
    pub(super) fn into_import(mut self, name: ObjectName) -> Import {
        Import {
            name,
            enabled: self.common.enabled().unwrap_or(true),
            value: self.value.into(),
            password: self.password.map(Into::into),
            policy: self.common.policy.given(),
            preserve_order: self.common.preserve_order.given(),
            tags: self.common.tags.given().unwrap_or_default().0,
        }
    }
}

/// The body of `MergeCertificate`.
#[derive(Default)]
pub(super) struct MergeBody {
    chain: Change<Names>,
    common: Common,
}

impl Members for MergeBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "x5c" => value.read(Member::Chain, &mut self.chain),
            _ => self.common.take(name, value),
        }
    }
}

impl MergeBody {
    /// What the body of a merge into the certificate `name` gives.
    pub(super) fn parse(bytes: &[u8], name: ObjectName) -> Result<Merge, BodyError> {
        let mut body: Self = parse(bytes)?;
        Ok(Merge {
            name,
            enabled: body.common.enabled(),
            x5c: required(body.chain, Member::Chain)?.0,
            tags: replaced_tags(body.common.tags),
        })
    }
}

/// The body of `UpdateCertificateOperation`.
#[derive(Default)]
pub(super) struct CancelBody(Change<bool>);

impl Members for CancelBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "cancellation_requested" => value.read(Member::Cancellation, &mut self.0),
            _ => value.skip(),
        }
    }
}

impl CancelBody {
    /// Whether the operation is to be cancelled.
    pub(super) fn parse(bytes: &[u8]) -> Result<bool, BodyError> {
        let Self(requested) = parse(bytes)?;
        required(requested, Member::Cancellation)
    }
}

/// An object whose members are not looked at.
#[derive(Default)]
struct AnyObject;

impl Members for AnyObject {
    fn take<'de, A: MapAccess<'de>>(&mut self, _: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        value.skip()
    }
}

/// The body of `UpdateCertificatePolicy`, the whole of which is the policy.
pub(super) fn policy(bytes: &[u8]) -> Result<SentPolicy, BodyError> {
    let AnyObject = parse(bytes)?;
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { bytes };
    // It is an object: what may be wrong with it is a member that is there twice.
    serde_json::from_slice(text).map_err(|_| BodyError::Member(Member::CertificatePolicy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_a_certificate_is_valid_is_not_read_from_a_request() {
        let body =
            r#"{"attributes":{"nbf":"x","exp":-1,"enabled":false},"policy":{},"preserveCertOrder":true}"#;
        let body = CreateBody::parse(body.as_bytes()).unwrap();
        assert_eq!((body.enabled, body.preserve_order), (Some(false), Some(true)));
        assert!(body.policy.is_some());
    }

    #[test]
    fn what_is_null_or_empty_is_as_if_it_were_not_there_but_for_tags() {
        for text in [
            "",
            "{}",
            r#"{"policy":null,"attributes":{"enabled":null},"preserveCertOrder":null}"#,
        ] {
            let body = CreateBody::parse(text.as_bytes()).unwrap();
            assert!(body.policy.is_none(), "{text}");
            assert_eq!(
                (body.enabled, body.tags, body.preserve_order),
                (None, None, None),
                "{text}"
            );
        }
        for text in [r#"{"tags":null}"#, r#"{"tags":{}}"#] {
            let body = UpdateBody::parse(text.as_bytes()).unwrap();
            assert_eq!(body.tags, Some(Tags::new()), "{text}");
        }
    }

    #[test]
    fn a_member_that_is_twice_in_a_policy_is_refused_wherever_the_policy_stands() {
        let twice = r#"{"issuer":{"name":"Self","name":"Unknown"}}"#;
        let refused = BodyError::Member(Member::CertificatePolicy);
        assert_eq!(policy(twice.as_bytes()).err(), Some(refused));
        let body = format!(r#"{{"policy":{twice}}}"#);
        assert_eq!(CreateBody::parse(body.as_bytes()).err(), Some(refused));
        assert_eq!(policy(b"[]").err(), Some(BodyError::NotAnObject));
        assert!(policy(b"").is_ok());
    }

    #[test]
    fn what_an_operation_needs_is_asked_for_by_name() {
        let name = || "a".parse().unwrap();
        assert_eq!(
            ImportBody::parse(b"{}").err(),
            Some(BodyError::Missing(Member::Value))
        );
        assert_eq!(
            MergeBody::parse(b"{}", name()).err(),
            Some(BodyError::Missing(Member::Chain))
        );
        assert_eq!(
            CancelBody::parse(b"{}").err(),
            Some(BodyError::Missing(Member::Cancellation))
        );
        assert_eq!(CancelBody::parse(br#"{"cancellation_requested":true}"#), Ok(true));
        let merge = MergeBody::parse(br#"{"x5c":["AA"],"attributes":{"exp":1}}"#, name()).unwrap();
        assert_eq!((merge.x5c.len(), merge.enabled, merge.tags), (1, None, None));
    }
}
