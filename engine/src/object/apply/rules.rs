//! The sizes and relations that a request must keep.

use crate::{
    format::{fields::VersionFields, tags::Tags, value::SecretValue},
    object::{error::BadParameter, limits::ObjectLimits},
};

/// Checks a value.
pub(super) fn value(limits: &ObjectLimits, value: &SecretValue) -> Result<(), BadParameter> {
    if value.len() > limits.value_bytes {
        return Err(BadParameter::ValueTooLarge(limits.value_bytes));
    }
    Ok(())
}

/// Checks everything about a version but its value.
pub(super) fn fields(limits: &ObjectLimits, fields: &VersionFields) -> Result<(), BadParameter> {
    if fields
        .content_type
        .as_ref()
        .is_some_and(|text| exceeds(text, limits.content_type_chars))
    {
        return Err(BadParameter::ContentTypeTooLong(limits.content_type_chars));
    }
    if let (Some(not_before), Some(expires)) = (fields.not_before, fields.expires)
        && not_before >= expires
    {
        return Err(BadParameter::ExpiresBeforeStart);
    }
    tags(limits, &fields.tags)
}

fn tags(limits: &ObjectLimits, tags: &Tags) -> Result<(), BadParameter> {
    if tags.len() > limits.tags {
        return Err(BadParameter::TooManyTags(limits.tags));
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

fn exceeds(text: &str, characters: usize) -> bool {
    text.len() > characters && text.chars().nth(characters).is_some()
}
