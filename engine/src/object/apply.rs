//! Deciding changes: pure functions of a snapshot, the keyring, the request, its random inputs and the time.

use std::sync::Arc;

use strongroom_core::{ObjectName, Timestamp};

use super::{
    answer::Answer,
    error::ObjectError,
    inputs::Inputs,
    request::{Seen, WriteRequest},
    request_time::RequestTime,
    tasks::Tasks,
    transaction::{Changes, Transaction},
    view::View,
};
use crate::format::fields::{AttributesPatch, Change};

pub(crate) mod lifecycle;
pub(crate) mod managed;
pub(crate) mod restore;
pub(crate) mod rules;
pub(crate) mod set;
pub(crate) mod update;

/// Decides `request` on `view` at `time`: what it changes, and its answer. A refused request changes nothing.
pub fn apply<K: Tasks>(
    view: View<'_>,
    request: &WriteRequest<K>,
    inputs: &mut Inputs,
    time: impl Into<RequestTime>,
) -> (Changes, Result<Answer<K>, ObjectError>) {
    let mut transaction = Transaction::begin(view, inputs, time);
    let decided = apply_in(&mut transaction, request);
    let decided = decided.and_then(|answer| {
        if request.grows() {
            transaction.check_room()?;
        }
        Ok(answer)
    });
    match decided {
        Ok(answer) => (transaction.finish(), Ok(answer)),
        Err(error) => (Changes::default(), Err(error)),
    }
}

/// Decides `request` within a transaction that may touch other objects too: all of its changes are made, or none.
pub fn apply_in<K: Tasks>(
    transaction: &mut Transaction<'_>,
    request: &WriteRequest<K>,
) -> Result<Answer<K>, ObjectError> {
    managed::refuse(transaction, request)?;
    match request {
        WriteRequest::Set {
            name,
            content,
            fields,
            attributes,
            tags,
        } => {
            let given = set::Given {
                version: None,
                content,
                fields,
                attributes,
                tags,
            };
            set::set(transaction, name, &given)
        }
        WriteRequest::Replace {
            name,
            seen,
            content,
            fields,
            expires,
        } => replace(transaction, (name, seen), content, fields, *expires),
        WriteRequest::Update {
            name,
            version,
            fields,
            attributes,
            tags,
        } => {
            let given = update::Given {
                fields,
                attributes,
                tags: tags.as_ref(),
            };
            update::update(transaction, name, version.as_ref(), &given)
        }
        WriteRequest::Amend { name, amendment } => amend(transaction, name, amendment),
        WriteRequest::Delete { name } => lifecycle::delete(transaction, name),
        WriteRequest::Recover { name } => lifecycle::recover(transaction, name),
        WriteRequest::Purge { name } => lifecycle::purge(transaction, name),
        WriteRequest::Restore { blob } => restore::restore(transaction, blob),
        WriteRequest::Own(request) => K::apply_own(transaction, request),
    }
}

/// Changes what the kind notes about a live object; its versions stay as they are.
fn amend<K: Tasks>(
    transaction: &mut Transaction<'_>,
    name: &ObjectName,
    amendment: &K::Amendment,
) -> Result<Answer<K>, ObjectError> {
    let view = transaction.view.of::<K>();
    let mut head = Arc::unwrap_or_clone(view.require_live(name)?);
    let before = head.fields.clone();
    K::amend(&mut head.fields.object, amendment, transaction.now);
    let object = transaction.known(K::KIND, name, &head)?;
    transaction.put_head(&object, &head.fields)?;
    lifecycle::reschedule::<K>(transaction, Some(&before), Some(&head.fields));
    transaction.touch(K::KIND, name);
    Ok(Answer::Object(Box::new(view.current(&head))))
}

/// A set of a live object that is still what was seen when the new version was made.
fn replace<K: Tasks>(
    transaction: &mut Transaction<'_>,
    (name, seen): (&ObjectName, &Seen<K::Object>),
    content: &K::Content,
    fields: &K::Fields,
    expires: Option<Timestamp>,
) -> Result<Answer<K>, ObjectError> {
    let head = transaction.view.of::<K>().require_live(name)?;
    if head.fields.sequence != seen.record || head.fields.object != seen.object {
        return Err(ObjectError::Superseded {
            kind: K::KIND,
            name: name.clone(),
        });
    }
    let attributes = AttributesPatch {
        expires: expires.map_or(Change::Keep, Change::Set),
        ..AttributesPatch::default()
    };
    let given = set::Given {
        version: None,
        content,
        fields,
        attributes: &attributes,
        tags: &head.fields.current.tags,
    };
    set::set(transaction, name, &given)
}
