//! Answers as JSON, in memory that is wiped: what the kinds of object have in common.

use bytes::Bytes;
use serde::Serialize;
use strongroom_core::Timestamp;
use strongroom_engine::Attributes;
use zeroize::Zeroizing;

/// The attributes of a version.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttributesJson {
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    created: u64,
    updated: u64,
    recovery_level: &'static str,
    recoverable_days: u8,
}

impl From<&Attributes> for AttributesJson {
    fn from(attributes: &Attributes) -> Self {
        Self {
            enabled: attributes.enabled,
            nbf: attributes.not_before.map(Timestamp::unix),
            exp: attributes.expires.map(Timestamp::unix),
            created: attributes.created.unix(),
            updated: attributes.updated.unix(),
            recovery_level: attributes.recovery_level.as_str(),
            recoverable_days: attributes.recoverable_days,
        }
    }
}

/// The bytes of `text` as a JSON string.
pub(super) fn escaped(text: &str) -> usize {
    let escapes = text
        .bytes()
        .filter(|byte| *byte < b' ' || matches!(byte, b'"' | b'\\'))
        .count();
    text.len() + 5 * escapes + 2
}

/// `room` is an upper bound, so that the value is written once and not left behind in outgrown memory.
///
/// # Errors
/// The shape has no JSON. What was written of it is gone: no client gets the beginning of an answer as the whole.
pub(super) fn serialise(shape: &impl Serialize, room: usize) -> Result<Bytes, Unwritable> {
    let mut json = Zeroizing::new(Vec::with_capacity(room));
    serde_json::to_writer(&mut *json, shape).map_err(|_| Unwritable)?;
    Ok(Bytes::from_owner(Wiped(json)))
}

/// An answer that has no JSON, of which serde's reason is not repeated: it may quote the answer. None of our shapes is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The vault cannot write its answer as JSON.")]
pub(crate) struct Unwritable;

/// Bytes that are wiped once they were sent.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_answer_without_json_is_an_error_and_no_part_of_one() {
        assert_eq!(serialise(&["a"], 8).unwrap(), "[\"a\"]");
        // The key of a JSON object is text; what comes before it is written already.
        let shape = ("CANARY", BTreeMap::from([((), 1)]));
        assert_eq!(serialise(&shape, 64), Err(Unwritable));
    }
}
