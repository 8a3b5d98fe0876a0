//! What a get would meet, without opening a value: for subscriptions and for checks ahead of time.

use strongroom_core::{ObjectName, Timestamp, Version};

use crate::object::{error::ObjectError, view::View};

/// What a get of an object would meet, once policy has allowed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// It would be answered, with this version.
    Available {
        /// The version.
        version: Version,
    },
    /// There is no such secret or version.
    NotFound,
    /// The secret is deleted but recoverable.
    Deleted,
    /// The version is disabled.
    Disabled,
}

/// What a get of `version` (or the latest) of `name` would meet at `now`.
pub fn resolve(
    view: View<'_>,
    name: &ObjectName,
    version: Option<&Version>,
    now: Timestamp,
) -> Result<Resolution, ObjectError> {
    let Some(head) = view.live(name)? else {
        return match view.require_deleted(name, now) {
            Ok(_) => Ok(Resolution::Deleted),
            Err(ObjectError::SecretNotFound { .. }) => Ok(Resolution::NotFound),
            Err(other) => Err(other),
        };
    };
    let (version, sequence) = match view.locate(name, &head, version) {
        Err(ObjectError::SecretNotFound { .. }) => return Ok(Resolution::NotFound),
        located => located?,
    };
    let enabled = if version == head.fields.version {
        head.fields.current.enabled
    } else {
        view.open_version(name, &head, (&version, sequence))?.1.enabled
    };
    Ok(if enabled {
        Resolution::Available { version }
    } else {
        Resolution::Disabled
    })
}
