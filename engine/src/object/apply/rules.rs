//! The sizes, numbers and relations that a request must keep, whatever the kind.

use strongroom_core::ObjectName;

use crate::{
    format::tags::Tags,
    object::{
        error::{BadParameter, ObjectError},
        kind::Kind,
        limits::{ObjectLimits, exceeds},
        view::FieldsOf,
    },
};

/// Checks everything about a version but its content.
pub(crate) fn fields<K: Kind>(limits: &ObjectLimits, fields: &FieldsOf<K>) -> Result<(), BadParameter> {
    K::check_fields(limits, &fields.own)?;
    if let (Some(not_before), Some(expires)) = (fields.not_before, fields.expires)
        && not_before >= expires
    {
        return Err(BadParameter::ExpiresBeforeStart);
    }
    tags::<K>(limits, &fields.tags)
}

/// Checks how many versions the object `name` would have.
pub(crate) fn versions<K: Kind>(
    limits: &ObjectLimits,
    name: &ObjectName,
    versions: u32,
) -> Result<(), ObjectError> {
    if versions <= limits.versions {
        return Ok(());
    }
    Err(ObjectError::TooManyVersions {
        kind: K::KIND,
        name: name.clone(),
        limit: limits.versions,
    })
}

fn tags<K: Kind>(limits: &ObjectLimits, tags: &Tags) -> Result<(), BadParameter> {
    if tags.len() > limits.tags {
        return Err(BadParameter::TooManyTags {
            kind: K::KIND,
            limit: limits.tags,
        });
    }
    for (name, value) in tags {
        if name.is_empty() || exceeds(name, limits.tag_name_chars) {
            return Err(BadParameter::TagName(limits.tag_name_chars));
        }
        if exceeds(value, limits.tag_value_chars) {
            return Err(BadParameter::TagValue(limits.tag_value_chars));
        }
    }
    Ok(())
}
