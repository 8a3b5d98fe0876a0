//! Objects that are part of a certificate: they change with it, in its transaction, and by no request of their own.

use strongroom_core::{ObjectKind, ObjectName};

use crate::{
    format::key,
    object::{
        error::ObjectError,
        kind::Kind,
        request::WriteRequest,
        tasks::Tasks,
        transaction::Transaction,
        view::{HeadFieldsOf, View},
    },
};

/// Refuses a request about an object that is part of a certificate, and one for a new object whose name a certificate holds.
pub(super) fn refuse<K: Tasks>(
    transaction: &Transaction<'_>,
    request: &WriteRequest<K>,
) -> Result<(), ObjectError> {
    let (view, now) = (transaction.view.of::<K>(), transaction.now);
    let live = |name: &ObjectName, operation| match view.live(name)? {
        Some(head) => check::<K>(&head.fields, operation),
        None => Ok(()),
    };
    let deleted = |name: &ObjectName, operation| match view.require_deleted(name, now) {
        Ok(head) => check::<K>(&head.fields, operation),
        // The request itself says so.
        Err(ObjectError::DeletedNotFound { .. }) => Ok(()),
        Err(error) => Err(error),
    };
    match request {
        WriteRequest::Set { name, .. } => {
            live(name, "set")?;
            refuse_taken::<K>(view.view, name, "set")
        }
        WriteRequest::Replace { name, .. } => live(name, "set"),
        WriteRequest::Update { name, .. } | WriteRequest::Amend { name, .. } => live(name, "update"),
        WriteRequest::Delete { name } => live(name, "delete"),
        WriteRequest::Recover { name } => deleted(name, "recover"),
        WriteRequest::Purge { name } => deleted(name, "purge"),
        // What is in a blob is looked at when it is open.
        WriteRequest::Restore { .. } | WriteRequest::Own(_) => Ok(()),
    }
}

/// Refuses `operation` on an object that is part of a certificate.
pub(crate) fn check<K: Kind>(head: &HeadFieldsOf<K>, operation: &'static str) -> Result<(), ObjectError> {
    if K::is_managed(&head.current.own) {
        return Err(managed::<K>(&head.name, operation));
    }
    Ok(())
}

/// Refuses a new object under a name that a certificate holds, which has none of this kind yet.
pub(super) fn refuse_taken<K: Kind>(
    view: View<'_>,
    name: &ObjectName,
    operation: &'static str,
) -> Result<(), ObjectError> {
    if K::KIND == ObjectKind::Certificates {
        return Ok(());
    }
    let certificate = |place| view.snapshot.get(&place).map(|record| record.is_some());
    if certificate(key::live(ObjectKind::Certificates, name))? {
        return Err(managed::<K>(name, operation));
    }
    Ok(())
}

pub(super) fn managed<K: Kind>(name: &ObjectName, operation: &'static str) -> ObjectError {
    ObjectError::Managed {
        kind: K::KIND,
        name: name.clone(),
        operation,
    }
}
