//! An update: attributes, tags and the kind's own fields of one version.

use std::sync::Arc;

use strongroom_core::{ObjectName, Version};

use super::{lifecycle, rules};
use crate::{
    format::{fields::AttributesPatch, head::HeadFields, tags::Tags},
    object::{answer::Answer, error::ObjectError, kind::Kind, tasks::Tasks, transaction::Transaction},
};

/// What the request gives.
pub(crate) struct Given<'a, K: Kind> {
    pub(crate) fields: &'a K::Patch,
    pub(crate) attributes: &'a AttributesPatch,
    pub(crate) tags: Option<&'a Tags>,
}

/// Writes the version anew at another place: a record is never rewritten where it lies, so that an older copy of it
/// fits nowhere.
pub(crate) fn update<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    version: Option<&Version>,
    given: &Given<'_, K>,
) -> Result<Answer<K>, ObjectError> {
    let view = transaction.view.of::<K>();
    let head = Arc::unwrap_or_clone(view.require_live(name)?);
    let before = view.locate(name, &head, version)?;
    let (content, mut fields) = view.open_version(name, &head, before)?;
    fields.patch(given.attributes);
    K::check_patch(&fields.own, given.fields)?;
    K::patch(&mut fields.own, given.fields);
    fields.updated = transaction.now;
    if let Some(tags) = given.tags {
        fields.tags.clone_from(tags);
    }
    rules::fields::<K>(&view.view.rules.limits, &fields)?;
    let object = transaction.known(K::KIND, name, &head)?;
    let place = transaction.put_version(&object, before.version, &content, &fields)?;
    transaction.remove_version(before.sequence);
    if place.version == head.fields.version {
        let fields = HeadFields {
            sequence: place.sequence,
            current: fields.clone(),
            ..head.fields.clone()
        };
        transaction.put_head(&object, &fields)?;
        lifecycle::reschedule::<K>(transaction, Some(&head.fields), Some(&fields));
    } else {
        transaction.put_index(head.object, place);
    }
    transaction.touch(K::KIND, name);
    let bundle = view.bundle(&head, place.version, fields, None);
    Ok(Answer::Object(Box::new(bundle)))
}
