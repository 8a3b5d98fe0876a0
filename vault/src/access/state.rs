//! What a read of an object meets now, without its value.

use strongroom_core::{NamedObject, ObjectKind, ObjectState, Permission, Timestamp, Uid};
use strongroom_engine::{CryptoKey, ObjectError, Objects, Secret};

use super::Failure;
use crate::policy::{Closed, InForce};

/// Why the vault does not show the states of objects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatesError {
    /// Policy cannot be asked.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// An object cannot be read.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl From<StatesError> for Failure {
    fn from(error: StatesError) -> Self {
        match error {
            StatesError::Closed(closed) => closed.into(),
            StatesError::Object(error) => error.into(),
        }
    }
}

/// The state of `object` for `subject`. Decides by `policy`, and only then looks.
///
/// # Errors
/// What the objects answer when they cannot be read.
pub(super) fn state_of(
    object: &NamedObject,
    subject: &Uid,
    policy: &InForce,
    objects: &Objects,
    now: Timestamp,
) -> Result<ObjectState, ObjectError> {
    let decision = policy.decide(subject, Permission::to_get(object.kind), &object.name);
    if !decision.is_allowed() {
        return Ok(ObjectState::Forbidden);
    }
    match object.kind {
        ObjectKind::Secrets => objects.resolve::<Secret>(&object.name, object.version.as_ref(), now),
        ObjectKind::Keys => objects.resolve::<CryptoKey>(&object.name, object.version.as_ref(), now),
        // This release keeps none.
        ObjectKind::Certificates => Ok(ObjectState::NotFound),
    }
}
