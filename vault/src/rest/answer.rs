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
pub(super) fn serialise(shape: &impl Serialize, room: usize) -> Bytes {
    let mut json = Zeroizing::new(Vec::with_capacity(room));
    let written = serde_json::to_writer(&mut *json, shape);
    debug_assert!(written.is_ok(), "a shape of ours serialises");
    Bytes::from_owner(Wiped(json))
}

/// Bytes that are wiped once they were sent.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
