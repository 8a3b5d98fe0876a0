//! How the policy state is kept in the store: one line of JSON and, for the bundle, the bytes it came in.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use strongroom_audit::Hash;
use strongroom_core::Generation;
use strongroom_wire::admin::BundleId;

/// The key of the bundle in force, with its first confirmation.
pub(super) const BUNDLE: &str = "policy/bundle";
/// The key of what the operator reported of the store's age.
pub(super) const ROLLBACK: &str = "policy/rollback";

/// The key of its last confirmation to a replica, where that is later than the first.
pub(super) fn confirmed(replica: &str) -> String {
    format!("policy/confirmed/{replica}")
}

/// The format that this release writes, and the only one it reads.
const FORMAT: u32 = 1;

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not a record of ours.
    #[error("it cannot be read: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// A format of another release.
    #[error("its format {0} is not one this release reads")]
    Format(u32),
    /// The bundle's bytes do not have the hash beside them.
    #[error("its hash is wrong")]
    Altered,
}

/// Which bundle the operator meant, and when it last said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// The bundle in force when the operator called.
    pub(super) policy: BundleId,
    /// Seconds since 1970.
    pub(super) at: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<T> {
    format: u32,
    record: T,
}

/// What every format of a line has.
#[derive(Deserialize)]
struct Preamble {
    format: u32,
}

/// SHA-256 of a bundle's bytes, hexadecimal.
pub(super) fn hash(bundle: &[u8]) -> String {
    Hash::of(bundle).to_string()
}

/// A record of one line.
pub(super) fn encode(record: &impl Serialize) -> Result<Vec<u8>, RecordError> {
    serde_json::to_vec(&Line {
        format: FORMAT,
        record,
    })
    .map_err(RecordError::Unreadable)
}

/// Reads a record of one line.
pub(super) fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, RecordError> {
    let Preamble { format } = serde_json::from_slice(line).map_err(RecordError::Unreadable)?;
    if format != FORMAT {
        return Err(RecordError::Format(format));
    }
    let line: Line<T> = serde_json::from_slice(line).map_err(RecordError::Unreadable)?;
    Ok(line.record)
}

/// The record of a bundle: its confirmation's line, a line feed, its bytes.
pub(super) fn encode_bundle(confirmation: &Confirmation, bundle: &[u8]) -> Result<Vec<u8>, RecordError> {
    let mut record = encode(confirmation)?;
    record.reserve(bundle.len().saturating_add(1));
    record.push(b'\n');
    record.extend_from_slice(bundle);
    Ok(record)
}

/// The generation in a bundle's record of a later format: where it stands is the same in each of them, so that a vault
/// that was put back to an earlier release takes nothing older.
pub(super) fn later_fence(record: &[u8]) -> Option<Generation> {
    #[derive(Deserialize)]
    struct Line {
        format: u32,
        record: Fenced,
    }
    #[derive(Deserialize)]
    struct Fenced {
        policy: Place,
    }
    #[derive(Deserialize)]
    struct Place {
        generation: Generation,
    }
    let first = record.split(|byte| *byte == b'\n').next()?;
    let line: Line = serde_json::from_slice(first).ok()?;
    (line.format > FORMAT).then_some(line.record.policy.generation)
}

/// Reads the record of a bundle.
pub(super) fn decode_bundle(record: &[u8]) -> Result<(Confirmation, &[u8]), RecordError> {
    let mut parts = record.splitn(2, |byte| *byte == b'\n');
    let confirmation: Confirmation = decode(parts.next().unwrap_or_default())?;
    let bundle = parts.next().unwrap_or_default();
    if hash(bundle) == confirmation.policy.hash {
        Ok((confirmation, bundle))
    } else {
        Err(RecordError::Altered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirmation(bundle: &[u8]) -> Confirmation {
        Confirmation {
            policy: BundleId {
                generation: Generation { epoch: 4, n: 118 },
                hash: hash(bundle),
            },
            at: 1000,
        }
    }

    #[test]
    fn a_bundle_comes_back_byte_for_byte() {
        let bundle = b"{\n \"a\": 1\n}";
        let record = encode_bundle(&confirmation(bundle), bundle).unwrap();
        assert_eq!(
            decode_bundle(&record).unwrap(),
            (confirmation(bundle), &bundle[..])
        );
    }

    #[test]
    fn an_altered_or_cut_bundle_is_refused() {
        let bundle = b"{}";
        let mut record = encode_bundle(&confirmation(bundle), bundle).unwrap();
        record.pop();
        assert!(matches!(decode_bundle(&record), Err(RecordError::Altered)));
        assert!(matches!(decode_bundle(b""), Err(RecordError::Unreadable(_))));
    }

    #[test]
    fn the_generation_of_a_later_formats_record_is_read_and_of_a_damaged_one_is_not() {
        let later = br#"{"format":2,"record":{"policy":{"generation":{"epoch":9,"n":3},"tree":"x"},"by":1}}
            {"format":7}"#;
        assert_eq!(later_fence(later), Some(Generation { epoch: 9, n: 3 }));
        let own = encode_bundle(&confirmation(b"{}"), b"{ }").unwrap();
        assert_eq!(later_fence(&own), None);
        for damaged in [&b""[..], b"{}", br#"{"format":2,"record":{}}"#, &later[..60]] {
            assert_eq!(later_fence(damaged), None);
        }
    }

    #[test]
    fn a_record_of_another_format_is_refused() {
        assert!(matches!(
            decode::<Confirmation>(br#"{"format":2,"x":1}"#),
            Err(RecordError::Format(2))
        ));
    }
}
