//! What the platform does with a certificate: the member `platformManaged` of the API 2026-04-01.

use serde_json::Value;

use super::{
    error::PolicyError,
    member::Member,
    object::{Object, line},
};

/// The most characters of a usage.
const LONGEST_USAGE: usize = 127;

/// How deep the metadata nest at most.
const MAX_DEPTH: usize = 16;

/// That the platform manages the certificate, which then needs neither a subject nor an alternative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformManaged {
    /// `certificateUsage`: what it uses the certificate for.
    pub certificate_usage: String,
    /// `metadata`: what it notes; JSON of any form.
    pub metadata: Option<Value>,
}

impl PlatformManaged {
    /// Reads it where it is there and not empty.
    pub(super) fn read(policy: Object<'_>) -> Result<Option<Self>, PolicyError> {
        let object = policy.object(Member::PlatformManaged)?;
        if object.is_empty() {
            return Ok(None);
        }
        let usage = object.named(Member::CertificateUsage, |usage| line(usage, 1, LONGEST_USAGE))?;
        Ok(Some(Self {
            certificate_usage: usage.ok_or(PolicyError::Member(Member::CertificateUsage))?,
            metadata: object.read(Member::Metadata, |value| {
                nests_within(value, MAX_DEPTH).then(|| value.clone())
            })?,
        }))
    }
}

/// Whether no value lies deeper than so many levels.
fn nests_within(value: &Value, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else {
        return false;
    };
    match value {
        Value::Array(values) => values.iter().all(|value| nests_within(value, below)),
        Value::Object(members) => members.values().all(|value| nests_within(value, below)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}
