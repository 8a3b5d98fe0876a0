//! What a get would meet, without opening a value: for subscriptions and for checks ahead of time.

use strongroom_core::{ObjectName, ObjectState, Timestamp, Version};

use super::{
    error::ObjectError,
    kind::Kind,
    view::{KindView, View},
};

/// What a get of `version` (or the latest) of the object `name` of kind `K` would meet at `now`.
pub fn resolve<K: Kind>(
    view: View<'_>,
    name: &ObjectName,
    version: Option<&Version>,
    now: Timestamp,
) -> Result<ObjectState, ObjectError> {
    let view: KindView<'_, K> = view.of();
    let Some(head) = view.live(name)? else {
        return match view.require_deleted(name, now) {
            Ok(_) => Ok(ObjectState::Deleted),
            Err(ObjectError::DeletedNotFound { .. }) => Ok(ObjectState::NotFound),
            Err(other) => Err(other),
        };
    };
    let place = match view.locate(name, &head, version) {
        Err(ObjectError::NotFound { .. }) => return Ok(ObjectState::NotFound),
        located => located?,
    };
    if !K::is_complete(&head.fields.current.own) {
        return Ok(ObjectState::NotFound);
    }
    let enabled = if K::READ_WHEN_DISABLED {
        true
    } else if place.version == head.fields.version {
        head.fields.current.enabled
    } else {
        view.open_version(name, &head, place)?.1.enabled
    };
    Ok(if enabled {
        ObjectState::Available(place.version)
    } else {
        ObjectState::Disabled
    })
}
