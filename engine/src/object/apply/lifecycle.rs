//! Delete, recover and purge: each changes the head alone, whatever the number of versions.

use strongroom_core::ObjectName;

use crate::{
    crypt::head::Head,
    format::{fields::Deletion, head::HeadFields, key, records::Garbage},
    object::{
        answer::Answer,
        error::ObjectError,
        transaction::Transaction,
        view::{KIND, is_past, not_found},
    },
};

pub(super) fn delete(transaction: &mut Transaction<'_>, name: &ObjectName) -> Result<Answer, ObjectError> {
    let view = transaction.view;
    let mut head = view.require_live(name)?;
    let at = transaction.now;
    let scheduled = at.after(view.rules.soft_delete.retention());
    let deletion = Deletion {
        deleted_date: at,
        scheduled_purge_date: scheduled,
    };
    head.fields.deleted = Some(deletion);
    let object = transaction.known(name, &head);
    transaction.replace_head(key::live(KIND, name), None)?;
    transaction.put_head(&object, &head.fields)?;
    transaction.put_schedule(scheduled, name);
    transaction.touched(name);
    Ok(Answer::Secret(Box::new(view.current(name, &head))))
}

pub(super) fn recover(transaction: &mut Transaction<'_>, name: &ObjectName) -> Result<Answer, ObjectError> {
    let view = transaction.view;
    let mut head = view.require_deleted(name, transaction.now)?;
    unschedule(transaction, name, &head.fields);
    head.fields.deleted = None;
    let object = transaction.known(name, &head);
    transaction.replace_head(key::deleted(KIND, name), None)?;
    transaction.put_head(&object, &head.fields)?;
    transaction.touched(name);
    Ok(Answer::Secret(Box::new(view.current(name, &head))))
}

pub(super) fn purge(transaction: &mut Transaction<'_>, name: &ObjectName) -> Result<Answer, ObjectError> {
    let head = transaction.view.require_deleted(name, transaction.now)?;
    if transaction.view.rules.soft_delete.purge_protection() {
        return Err(ObjectError::PurgeProtected { name: name.clone() });
    }
    remove(transaction, name, &head)?;
    Ok(Answer::Purged)
}

/// Purges a deleted secret whose time has come; purge protection ends with the retention.
pub(super) fn expire(transaction: &mut Transaction<'_>, name: &ObjectName) -> Result<Answer, ObjectError> {
    let head = transaction
        .view
        .deleted(name)?
        .filter(|head| is_past(head, transaction.now));
    let head = head.ok_or_else(|| not_found(name, None))?;
    remove(transaction, name, &head)?;
    Ok(Answer::Purged)
}

/// Removes a deleted secret's head, and with it the only seed of its versions; the sweeper removes those.
pub(super) fn remove(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    head: &Head,
) -> Result<(), ObjectError> {
    unschedule(transaction, name, &head.fields);
    transaction.replace_head(key::deleted(KIND, name), None)?;
    transaction.put_garbage(
        head.object,
        Garbage {
            current: Some(head.fields.sequence),
        },
    );
    transaction.request_erasure(head.term)?;
    transaction.touched(name);
    Ok(())
}

fn unschedule(transaction: &mut Transaction<'_>, name: &ObjectName, fields: &HeadFields) {
    if let Some(deletion) = fields.deleted {
        transaction.remove_schedule(deletion.scheduled_purge_date, name);
    }
}
