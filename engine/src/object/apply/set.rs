//! `SetSecret`: a new version, of a new object where the name is free.

use strongroom_core::ObjectName;

use super::{lifecycle, rules};
use crate::{
    format::{
        fields::{AttributesPatch, VersionFields},
        head::HeadFields,
        tags::Tags,
        value::SecretValue,
    },
    object::{
        answer::{Answer, Attributes, SecretBundle},
        error::ObjectError,
        transaction::Transaction,
        view::is_past,
    },
};

/// What the request gives.
pub(super) struct Given<'a> {
    pub(super) value: &'a SecretValue,
    pub(super) content_type: Option<&'a str>,
    pub(super) attributes: &'a AttributesPatch,
    pub(super) tags: &'a Tags,
}

pub(super) fn set(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    given: &Given<'_>,
) -> Result<Answer, ObjectError> {
    let fields = fields(transaction, given);
    rules::value(&transaction.view.rules.limits, given.value)?;
    rules::fields(&transaction.view.rules.limits, &fields)?;
    let version = transaction.inputs.version();
    let (object, versions) = if let Some(head) = transaction.view.live(name)? {
        transaction.put_index(head.object, &head.fields.version, head.fields.sequence);
        (transaction.known(name, &head), head.fields.versions)
    } else {
        free_name(transaction, name)?;
        (transaction.new_object(name)?, 0)
    };
    let sequence = transaction.put_version(&object, &version, (given.value, &fields))?;
    let versions = versions.saturating_add(1);
    let head = HeadFields {
        version,
        sequence,
        versions,
        current: fields,
        deleted: None,
    };
    transaction.put_head(&object, &head)?;
    transaction.touched(name);
    Ok(Answer::Secret(Box::new(answer(
        transaction,
        name,
        head,
        given.value,
    ))))
}

fn answer(
    transaction: &Transaction<'_>,
    name: &ObjectName,
    head: HeadFields,
    value: &SecretValue,
) -> SecretBundle {
    SecretBundle {
        name: name.clone(),
        version: head.version,
        value: Some(SecretValue::new(value.expose().to_owned())),
        attributes: Attributes::of(&head.current, transaction.view.rules.soft_delete),
        content_type: head.current.content_type,
        tags: head.current.tags,
        deleted: None,
    }
}

fn fields(transaction: &Transaction<'_>, given: &Given<'_>) -> VersionFields {
    let mut fields = VersionFields {
        content_type: given.content_type.map(str::to_owned),
        enabled: true,
        not_before: None,
        expires: None,
        created: transaction.now,
        updated: transaction.now,
        tags: given.tags.clone(),
    };
    fields.patch(given.attributes);
    fields
}

/// A deleted secret blocks its name until its time has come; from then on it is purged by whoever needs the name.
pub(super) fn free_name(transaction: &mut Transaction<'_>, name: &ObjectName) -> Result<(), ObjectError> {
    match transaction.view.deleted(name)? {
        None => Ok(()),
        Some(head) if is_past(&head, transaction.now) => lifecycle::remove(transaction, name, &head),
        Some(_) => Err(ObjectError::DeletedButRecoverable { name: name.clone() }),
    }
}
