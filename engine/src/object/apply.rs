//! Deciding changes: pure functions of a snapshot, the keyring, the request, its random inputs and the time.

use super::{
    answer::Answer,
    error::ObjectError,
    inputs::Inputs,
    request::WriteRequest,
    request_time::RequestTime,
    tasks::Tasks,
    transaction::{Changes, Transaction},
    view::View,
};

pub(crate) mod lifecycle;
mod restore;
mod rules;
mod set;
mod update;

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
    match request {
        WriteRequest::Set {
            name,
            content,
            fields,
            attributes,
            tags,
        } => {
            let given = set::Given {
                content,
                fields,
                attributes,
                tags,
            };
            set::set(transaction, name, &given)
        }
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
        WriteRequest::Delete { name } => lifecycle::delete(transaction, name),
        WriteRequest::Recover { name } => lifecycle::recover(transaction, name),
        WriteRequest::Purge { name } => lifecycle::purge(transaction, name),
        WriteRequest::Restore { blob } => restore::restore(transaction, blob),
    }
}
