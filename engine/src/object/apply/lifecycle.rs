//! Delete, recover and purge: each changes the head alone, whatever the number of versions.

use std::sync::Arc;

use strongroom_core::ObjectName;

use crate::{
    format::{
        fields::Deletion,
        key,
        records::Garbage,
        task::{Due, Task},
    },
    object::{
        answer::Answer,
        error::ObjectError,
        kind::Kind,
        tasks::{LifeChange, Tasks},
        transaction::Transaction,
        view::{HeadFieldsOf, HeadOf, is_past},
    },
};

pub(crate) fn delete<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
) -> Result<Answer<K>, ObjectError> {
    let view = transaction.view.of::<K>();
    let mut head = Arc::unwrap_or_clone(view.require_live(name)?);
    let at = transaction.kept_from;
    let deletion = Deletion {
        deleted_date: at,
        scheduled_purge_date: at.after(view.view.rules.soft_delete.retention()),
    };
    reschedule::<K>(transaction, Some(&head.fields), None);
    head.fields.deleted = Some(deletion);
    let object = transaction.known(K::KIND, name, &head)?;
    transaction.remove_head(key::live(K::KIND, name));
    transaction.put_head(&object, &head.fields)?;
    // What is part of a certificate is purged with it: no time may come in which one is there without the other.
    if !K::is_managed(&head.fields.current.own) {
        transaction.put_due(&purge_of::<K>(name, &deletion));
    }
    transaction.touch(K::KIND, name);
    K::change_linked(transaction, &head.fields, LifeChange::Delete)?;
    Ok(Answer::Object(Box::new(view.current_as_shown(name, &head)?)))
}

pub(crate) fn recover<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
) -> Result<Answer<K>, ObjectError> {
    let view = transaction.view.of::<K>();
    let mut head = view.require_deleted(name, transaction.now)?;
    unschedule::<K>(transaction, name, &head.fields);
    head.fields.deleted = None;
    reschedule::<K>(transaction, None, Some(&head.fields));
    let object = transaction.known(K::KIND, name, &head)?;
    transaction.remove_head(key::deleted(K::KIND, name));
    transaction.put_head(&object, &head.fields)?;
    transaction.touch(K::KIND, name);
    K::change_linked(transaction, &head.fields, LifeChange::Recover)?;
    Ok(Answer::Object(Box::new(view.current_as_shown(name, &head)?)))
}

pub(super) fn purge<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
) -> Result<Answer<K>, ObjectError> {
    let view = transaction.view.of::<K>();
    let head = view.require_deleted(name, transaction.now)?;
    if view.view.rules.soft_delete.purge_protection() {
        return Err(ObjectError::PurgeProtected {
            kind: K::KIND,
            name: name.clone(),
        });
    }
    remove::<K>(transaction, name, &head)?;
    Ok(Answer::Purged)
}

/// Purges a deleted object if its time has come; purge protection ends with the retention.
pub(crate) fn expire<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
) -> Result<bool, ObjectError> {
    let head = transaction.view.of::<K>().deleted(name)?;
    let Some(head) = head.filter(|head| is_past(head, transaction.now)) else {
        return Ok(false);
    };
    remove::<K>(transaction, name, &head)?;
    Ok(true)
}

/// Removes a deleted object's head, and with it the only seed of its versions; the sweep removes those.
pub(crate) fn remove<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    head: &HeadOf<K>,
) -> Result<(), ObjectError> {
    unschedule::<K>(transaction, name, &head.fields);
    transaction.remove_head(key::deleted(K::KIND, name));
    let current = Some(head.fields.sequence);
    transaction.put_garbage(head.object, Garbage { current });
    transaction.request_erasure(head.wrapped.term)?;
    transaction.touch(K::KIND, name);
    K::change_linked(transaction, &head.fields, LifeChange::Purge)
}

fn unschedule<K: Kind>(transaction: &mut Transaction<'_>, name: &ObjectName, fields: &HeadFieldsOf<K>) {
    if let Some(deletion) = &fields.deleted {
        transaction.remove_due(&purge_of::<K>(name, deletion));
    }
}

/// Puts the tasks of a live head on the schedule in the place of those of the head before it. What is in both, of the same
/// version, stays as it is: done, or to be done. Of a new version nothing is done yet.
pub(crate) fn reschedule<K: Tasks>(
    transaction: &mut Transaction<'_>,
    before: Option<&HeadFieldsOf<K>>,
    after: Option<&HeadFieldsOf<K>>,
) {
    let due = |head: Option<&HeadFieldsOf<K>>| head.map(K::due_of).unwrap_or_default();
    let version = |head: Option<&HeadFieldsOf<K>>| head.map(|head| head.version);
    let is_new = version(before) != version(after);
    let (before, after) = (due(before), due(after));
    for gone in before.iter().filter(|due| !after.contains(due)) {
        transaction.remove_due(gone);
    }
    for new in after.iter().filter(|due| is_new || !before.contains(due)) {
        transaction.put_due(new);
    }
}

/// Whether a task of the kind's own is what the live object of its name has to do.
pub(crate) fn is_due<K: Tasks>(transaction: &Transaction<'_>, due: &Due) -> Result<bool, ObjectError> {
    let head = transaction.view.of::<K>().live(&due.name)?;
    Ok(head.is_some_and(|head| K::due_of(&head.fields).contains(due)))
}

/// The purge that a deletion puts on the schedule.
fn purge_of<K: Kind>(name: &ObjectName, deletion: &Deletion) -> Due {
    Due {
        at: deletion.scheduled_purge_date,
        kind: K::KIND,
        name: name.clone(),
        task: Task::Purge,
    }
}
