//! Deciding changes: pure functions of a snapshot, the keyring, the request, its random inputs and the time.

use strongroom_core::Timestamp;

use crate::object::{
    answer::Answer,
    error::ObjectError,
    inputs::Inputs,
    request::WriteRequest,
    transaction::{Changes, Transaction},
    view::View,
};

mod lifecycle;
mod restore;
mod rules;
mod set;
pub mod system;
mod update;

/// Decides `request` on `view` at `now`: what it changes, and its answer. A refused request changes nothing.
pub fn apply(
    view: View<'_>,
    request: &WriteRequest,
    inputs: &mut Inputs,
    now: Timestamp,
) -> (Changes, Result<Answer, ObjectError>) {
    match decide(view, request, inputs, now) {
        Ok((changes, answer)) => (changes, Ok(answer)),
        Err(error) => (Changes::default(), Err(error)),
    }
}

fn decide(
    view: View<'_>,
    request: &WriteRequest,
    inputs: &mut Inputs,
    now: Timestamp,
) -> Result<(Changes, Answer), ObjectError> {
    let mut transaction = Transaction::begin(view, inputs, now)?;
    let answer = match request {
        WriteRequest::Set {
            name,
            value,
            content_type,
            attributes,
            tags,
        } => {
            let given = set::Given {
                value,
                content_type: content_type.as_deref(),
                attributes,
                tags,
            };
            set::set(&mut transaction, name, &given)
        }
        WriteRequest::Update {
            name,
            version,
            content_type,
            attributes,
            tags,
        } => {
            let given = update::Given {
                content_type: content_type.as_deref(),
                attributes,
                tags: tags.as_ref(),
            };
            update::update(&mut transaction, name, version.as_ref(), &given)
        }
        WriteRequest::Delete { name } => lifecycle::delete(&mut transaction, name),
        WriteRequest::Recover { name } => lifecycle::recover(&mut transaction, name),
        WriteRequest::Purge { name } => lifecycle::purge(&mut transaction, name),
        WriteRequest::Restore { blob } => restore::restore(&mut transaction, blob),
    }?;
    Ok((transaction.finish(), answer))
}
