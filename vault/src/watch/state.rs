//! What a read of a subscribed object meets now.

use strongroom_core::{ObjectState, Permission, PolicyIndex, Timestamp, Uid};
use strongroom_engine::{ObjectError, Objects};

use super::request::Entry;

/// The state of `entry` for `subject`. Decides, and only then looks.
pub(super) fn state_of(
    entry: &Entry,
    subject: &Uid,
    policy: &PolicyIndex,
    objects: &Objects,
    now: Timestamp,
) -> Result<ObjectState, ObjectError> {
    if policy
        .decide(subject, Permission::SecretGet, &entry.name)
        .is_allowed()
    {
        objects.resolve(&entry.name, entry.version.as_ref(), now)
    } else {
        Ok(ObjectState::Forbidden)
    }
}
