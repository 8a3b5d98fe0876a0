//! Whether a version of a key may be used for an operation now.

use strongroom_core::Timestamp;
use strongroom_keys::KeyOperation;

use super::opened::OpenedKey;

/// Why a version may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is disabled: 403 `Forbidden`, inner `KeyDisabled`.
    #[error("Operation {0} is not allowed on a disabled key.")]
    Disabled(KeyOperation),
    /// The operation is not among its `key_ops`: 403 `Forbidden`, inner `KeyOperationForbidden`.
    #[error("Operation {0} is not permitted on this key.")]
    NotPermitted(KeyOperation),
    /// Its `nbf` has not come: 403 `Forbidden`, inner `KeyNotYetValid`.
    #[error("Operation {0} is not allowed on a key that is not yet valid.")]
    NotYetValid(KeyOperation),
    /// Its `exp` has passed: 403 `Forbidden`, inner `KeyExpired`.
    #[error("Operation {0} is not allowed on an expired key.")]
    Expired(KeyOperation),
}

impl Unusable {
    /// The word that stands for it, as an inner code and in the audit log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Disabled(_) => "KeyDisabled",
            Self::NotPermitted(_) => "KeyOperationForbidden",
            Self::NotYetValid(_) => "KeyNotYetValid",
            Self::Expired(_) => "KeyExpired",
        }
    }
}

/// Checks that `key` may do `operation` at `now`. Outside its dates a key still undoes what it did: it decrypts, unwraps
/// and verifies.
///
/// # Errors
/// Why it may not.
pub fn check(key: &OpenedKey, operation: KeyOperation, now: Timestamp) -> Result<(), Unusable> {
    if !key.attributes.enabled {
        return Err(Unusable::Disabled(operation));
    }
    if !key.operations.permits(operation) {
        return Err(Unusable::NotPermitted(operation));
    }
    let protects = matches!(
        operation,
        KeyOperation::Encrypt | KeyOperation::Sign | KeyOperation::WrapKey
    );
    if protects && key.attributes.not_before.is_some_and(|from| now < from) {
        return Err(Unusable::NotYetValid(operation));
    }
    if protects && key.attributes.expires.is_some_and(|until| until <= now) {
        return Err(Unusable::Expired(operation));
    }
    Ok(())
}
