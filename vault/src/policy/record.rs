//! How the policy state is kept in the store: one line of JSON, then, for the bundle, the bytes it came in.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use strongroom_core::Generation;
use strongroom_wire::admin::PolicyStatus;

use super::rollback::Rollback;

/// The record of the bundle in force.
pub(super) const BUNDLE: &str = "policy/bundle";
/// The record of its last confirmation.
pub(super) const CONFIRMED: &str = "policy/confirmed";
/// The record of what the operator told of the store's age.
pub(super) const ROLLBACK: &str = "policy/rollback";

/// The format of these records.
const FORMAT: u32 = 1;

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not a record of this format.
    #[error("it cannot be read: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// A format of another release.
    #[error("its format {0} is not one this release reads")]
    Format(u32),
    /// The bundle's bytes do not have the hash beside them.
    #[error("its hash is wrong")]
    Altered,
}

/// A record's one line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<T> {
    format: u32,
    #[serde(flatten)]
    content: T,
}
