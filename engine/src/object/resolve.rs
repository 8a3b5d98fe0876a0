//! What a get would meet, without opening a value: for subscriptions and for checks ahead of time.

use strongroom_core::{ObjectName, ObjectState, Timestamp, Version};

use crate::object::{error::ObjectError, view::View};

/// What a get of `version` (or the latest) of `name` would meet at `now`.
pub fn resolve(
    view: View<'_>,
    name: &ObjectName,
    version: Option<&Version>,
    now: Timestamp,
) -> Result<ObjectState, ObjectError> {
    let Some(head) = view.live(name)? else {
        return match view.require_deleted(name, now) {
            Ok(_) => Ok(ObjectState::Deleted),
            Err(ObjectError::SecretNotFound { .. }) => Ok(ObjectState::NotFound),
            Err(other) => Err(other),
        };
    };
    let (version, sequence) = match view.locate(name, &head, version) {
        Err(ObjectError::SecretNotFound { .. }) => return Ok(ObjectState::NotFound),
        located => located?,
    };
    let enabled = if version == head.fields.version {
        head.fields.current.enabled
    } else {
        view.open_version(name, &head, (&version, sequence))?.1.enabled
    };
    Ok(if enabled {
        ObjectState::Available(version)
    } else {
        ObjectState::Disabled
    })
}
