//! A restore: the versions of a backup come back under their own ids, in a new object. None of them is a new version, so no
//! event says so.

use super::{
    lifecycle, managed, rules,
    set::{answer, free_name},
};
use crate::{
    format::head::HeadFields,
    object::{
        answer::Answer,
        backup::{self, BackedUp, BackedUpObject},
        blob::BackupBlob,
        error::{MalformedBackup, ObjectError},
        tasks::Tasks,
        transaction::Transaction,
    },
};

pub(super) fn restore<K: Tasks>(
    transaction: &mut Transaction<'_>,
    blob: &BackupBlob,
) -> Result<Answer<K>, ObjectError> {
    let backup: BackedUpObject<K> = backup::open(transaction.view, blob)?;
    let mut versions = backup.versions.iter();
    if versions.any(|version| K::is_managed(&version.fields.own)) {
        return Err(managed::managed::<K>(&backup.name, "restore"));
    }
    managed::refuse_taken::<K>(transaction.view, &backup.name, "restore")?;
    bring_back(transaction, &backup)
}

/// Brings an object back from a backup that was opened.
pub(crate) fn bring_back<K: Tasks>(
    transaction: &mut Transaction<'_>,
    backup: &BackedUpObject<K>,
) -> Result<Answer<K>, ObjectError> {
    let view = transaction.view;
    if view.of::<K>().is_live(&backup.name)? {
        return Err(ObjectError::NameInUse {
            kind: K::KIND,
            name: backup.name.clone(),
        });
    }
    let versions = u32::try_from(backup.versions.len()).unwrap_or(u32::MAX);
    rules::versions::<K>(&view.rules.limits, &backup.name, versions)?;
    free_name::<K>(transaction, &backup.name)?;
    for version in &backup.versions {
        K::check_content(&view.rules.limits, &version.content)?;
        rules::fields::<K>(&view.rules.limits, &version.fields)?;
    }
    write(transaction, backup)
}

fn write<K: Tasks>(
    transaction: &mut Transaction<'_>,
    backup: &BackedUpObject<K>,
) -> Result<Answer<K>, ObjectError> {
    let (current, older) = backup.versions.split_last().ok_or(MalformedBackup::Corrupt)?;
    let object = transaction.new_object(K::KIND, &backup.name)?;
    for BackedUp {
        version,
        content,
        fields,
    } in older
    {
        let place = transaction.put_version(&object, *version, content, fields)?;
        transaction.put_index(object.owner.object, place);
    }
    let place = transaction.put_version(&object, current.version, &current.content, &current.fields)?;
    let head = HeadFields {
        name: backup.name.clone(),
        version: current.version,
        sequence: place.sequence,
        versions: u32::try_from(backup.versions.len()).map_err(|_| MalformedBackup::Corrupt)?,
        current: current.fields.clone(),
        deleted: None,
        object: backup.object.clone(),
    };
    transaction.put_head(&object, &head)?;
    lifecycle::reschedule::<K>(transaction, None, Some(&head));
    transaction.touch(K::KIND, &backup.name);
    let restored: Vec<_> = backup.versions.iter().map(|version| version.version).collect();
    K::restore_linked(transaction, &restored, &backup.name, &backup.linked)?;
    let content = K::answer_to_set(&current.content).filter(|_| K::SHOWS_CONTENT_ALWAYS);
    Ok(Answer::Object(Box::new(answer(transaction, head, content))))
}
