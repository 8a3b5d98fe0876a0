//! `UpdateSecret`: attributes, tags and content type of one version.

use strongroom_core::{ObjectName, Version};

use super::rules;
use crate::{
    format::{fields::AttributesPatch, head::HeadFields, tags::Tags},
    object::{answer::Answer, error::ObjectError, transaction::Transaction},
};

/// What the request gives.
pub(super) struct Given<'a> {
    pub(super) content_type: Option<&'a str>,
    pub(super) attributes: &'a AttributesPatch,
    pub(super) tags: Option<&'a Tags>,
}

/// Writes the version anew at another place: a record is never rewritten where it lies, so that an older copy of it
/// fits nowhere.
pub(super) fn update(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    version: Option<&Version>,
    given: &Given<'_>,
) -> Result<Answer, ObjectError> {
    let view = transaction.view;
    let head = view.require_live(name)?;
    let (version, before) = view.locate(name, &head, version)?;
    let (value, mut fields) = view.open_version(name, &head, (&version, before))?;
    fields.patch(given.attributes);
    fields.updated = transaction.now;
    if let Some(content_type) = given.content_type {
        fields.content_type = Some(content_type.to_owned());
    }
    if let Some(tags) = given.tags {
        fields.tags.clone_from(tags);
    }
    rules::fields(&view.rules.limits, &fields)?;
    let object = transaction.known(name, &head);
    let sequence = transaction.put_version(&object, &version, (&value, &fields))?;
    transaction.remove_version(before);
    if version == head.fields.version {
        let fields = HeadFields {
            sequence,
            current: fields.clone(),
            ..head.fields.clone()
        };
        transaction.put_head(&object, &fields)?;
    } else {
        transaction.put_index(head.object, &version, sequence);
    }
    transaction.touched(name);
    Ok(Answer::Secret(Box::new(view.bundle(
        name,
        &head,
        (version, fields),
        None,
    ))))
}
