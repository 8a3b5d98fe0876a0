//! `RestoreSecret`: the versions of a backup come back under their own ids, in a new object.

use strongroom_core::ObjectName;

use super::{rules, set::free_name};
use crate::{
    format::head::HeadFields,
    object::{
        answer::{Answer, Attributes, SecretBundle},
        backup::{self, BackedUp},
        blob::BackupBlob,
        error::{BadParameter, ObjectError},
        transaction::Transaction,
    },
};

pub(super) fn restore(transaction: &mut Transaction<'_>, blob: &BackupBlob) -> Result<Answer, ObjectError> {
    let view = transaction.view;
    let (name, versions) = backup::open(view, blob)?;
    if view.live_record(&name)?.is_some() {
        return Err(ObjectError::NameInUse { name });
    }
    free_name(transaction, &name)?;
    for version in &versions {
        rules::value(&view.rules.limits, &version.value)?;
        rules::fields(&view.rules.limits, &version.fields)?;
    }
    write(transaction, &name, &versions)
}

fn write(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    versions: &[BackedUp],
) -> Result<Answer, ObjectError> {
    let (current, older) = versions.split_last().ok_or(BadParameter::BackupBlob)?;
    let object = transaction.new_object(name)?;
    for BackedUp {
        version,
        value,
        fields,
    } in older
    {
        let sequence = transaction.put_version(&object, version, (value, fields))?;
        transaction.put_index(object.owner.object, version, sequence);
    }
    let sequence = transaction.put_version(&object, &current.version, (&current.value, &current.fields))?;
    let fields = HeadFields {
        version: current.version,
        sequence,
        versions: u32::try_from(versions.len()).map_err(|_| BadParameter::BackupBlob)?,
        current: current.fields.clone(),
        deleted: None,
    };
    transaction.put_head(&object, &fields)?;
    transaction.touched(name);
    let soft_delete = transaction.view.rules.soft_delete;
    Ok(Answer::Secret(Box::new(SecretBundle {
        name: name.clone(),
        version: fields.version,
        value: None,
        attributes: Attributes::of(&fields.current, soft_delete),
        content_type: fields.current.content_type,
        tags: fields.current.tags,
        deleted: None,
    })))
}
