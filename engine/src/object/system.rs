//! Changes that the vault makes by itself, in bounded steps.

use strongroom_audit::Event;
use strongroom_core::Timestamp;

use crate::{
    crypt::head,
    format::{
        codec::CodecError,
        id::ObjectId,
        key,
        records::{Erasure, Garbage, IndexEntry, Scheduled},
        task::Due,
    },
    object::{
        error::{ObjectError, damaged_state},
        inputs::Inputs,
        keeper::Kinds,
        transaction::{self, Changes, Transaction},
        view::View,
    },
    store::{Key, Value},
};

/// One step of the vault's own work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemRequest {
    /// Carries out a task of the schedule.
    Perform(Due),
    /// Removes up to `limit` versions of what is left of an object.
    Collect {
        /// The object.
        object: ObjectId,
        /// How many versions at most.
        limit: usize,
    },
    /// Wraps the seeds of these heads under the current term, where they are under one up to `last`.
    Rewrap {
        /// Keys of heads.
        heads: Vec<Key>,
        /// The last term to be left behind.
        last: u32,
    },
    /// The keys of the terms up to `last` are destroyed.
    Erased {
        /// The last destroyed term.
        last: u32,
    },
}

/// Decides `request`, and answers what is to be recorded of it. What is already done changes nothing.
pub fn apply_system(
    view: View<'_>,
    kinds: Kinds,
    request: &SystemRequest,
    inputs: &mut Inputs,
    now: Timestamp,
) -> Result<(Changes, Option<Event>), ObjectError> {
    let mut transaction = Transaction::begin(view, inputs, now);
    let event = match request {
        SystemRequest::Perform(due) => match kinds.keeper(due.kind) {
            Some(keeper) => keeper.perform(due, &mut transaction)?,
            None => None,
        },
        SystemRequest::Collect { object, limit } => {
            collect(&mut transaction, *object, *limit)?;
            None
        }
        SystemRequest::Rewrap { heads, last } => {
            rewrap(&mut transaction, heads, *last)?;
            None
        }
        SystemRequest::Erased { last } => {
            erased(&mut transaction, *last)?;
            None
        }
    };
    Ok((transaction.finish(), event))
}

/// Who carries out a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The writer, by itself.
    Writers,
    /// The server, which then asks for a change.
    Servers,
}

/// The tasks of the schedule behind `after` whose time has come, up to `limit`, of the kinds that the vault keeps. Those of
/// the other stand in nobody's way.
pub(crate) fn due_tasks(
    view: View<'_>,
    kinds: Kinds,
    whose: Whose,
    now: Timestamp,
    after: Option<&Due>,
    limit: usize,
) -> Result<Vec<Due>, ObjectError> {
    let mut tasks = Vec::new();
    let mut after = after.map(key::schedule);
    loop {
        let page = view.snapshot.scan(&key::all_schedule(), after.as_ref(), limit)?;
        for (key, entry) in &page.records {
            let damaged = |error| damaged_state("the schedule", error);
            let due = key::due_of_schedule(key).ok_or_else(|| damaged(CodecError::Field))?;
            if due.at > now || tasks.len() >= limit {
                return Ok(tasks);
            }
            let Scheduled = view.keyring.check(key, entry).map_err(damaged)?;
            let of = kinds.keeper(due.kind).map(|keeper| {
                if keeper.is_the_servers(due.task) {
                    Whose::Servers
                } else {
                    Whose::Writers
                }
            });
            if of == Some(whose) {
                tasks.push(due);
            }
        }
        match page.records.last() {
            Some((last, _)) if page.more => after = Some(last.clone()),
            _ => return Ok(tasks),
        }
    }
}

/// Whether a task is on the schedule still.
pub(crate) fn is_scheduled(view: View<'_>, due: &Due) -> Result<bool, ObjectError> {
    Ok(view.snapshot.get(&key::schedule(due))?.is_some())
}

/// An object of which something is left.
pub(crate) fn uncollected(view: View<'_>) -> Result<Option<ObjectId>, ObjectError> {
    let page = view.snapshot.scan(&key::all_garbage(), None, 1)?;
    Ok(page
        .records
        .first()
        .and_then(|(key, _)| key::object_of_garbage(key)))
}

/// A stretch of a walk over all heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HeadStretch {
    /// The heads whose seeds are under a term that is to be left behind.
    pub(crate) outdated: Vec<Key>,
    /// The head looked at last.
    pub(crate) seen: Key,
}

/// The next `limit` heads behind `after`, of every kind, and which of them have seeds under a term up to `last`; none
/// when all were looked at.
pub(crate) fn outdated_heads(
    view: View<'_>,
    after: Option<&Key>,
    last: u32,
    limit: usize,
) -> Result<Option<HeadStretch>, ObjectError> {
    // Deleted heads sort before live ones.
    for prefix in [key::every_deleted(), key::every_live()] {
        if after.is_some_and(|after| after.as_bytes().first() > prefix.as_bytes().first()) {
            continue;
        }
        let after = after.filter(|after| after.as_bytes().starts_with(prefix.as_bytes()));
        let page = view.snapshot.scan(&prefix, after, limit)?;
        if let Some((seen, _)) = page.records.last() {
            let outdated = page
                .records
                .iter()
                .filter(|(_, record)| is_outdated(record, last));
            return Ok(Some(HeadStretch {
                outdated: outdated.map(|(key, _)| key.clone()).collect(),
                seen: seen.clone(),
            }));
        }
    }
    Ok(None)
}

/// A head that does not show its term is looked at too, and found damaged there.
fn is_outdated(record: &Value, last: u32) -> bool {
    head::term_of(record).is_ok_and(|term| term <= last) || head::term_of(record).is_err()
}

fn collect(transaction: &mut Transaction<'_>, object: ObjectId, limit: usize) -> Result<(), ObjectError> {
    let view = transaction.view;
    let Some(record) = view.snapshot.get(&key::garbage(object))? else {
        return Ok(());
    };
    let damaged = |error| damaged_state("what is left of an object", error);
    let garbage: Garbage = view
        .keyring
        .check(&key::garbage(object), &record)
        .map_err(damaged)?;
    let page = view.snapshot.scan(&key::all_index(object), None, limit)?;
    for (key, entry) in &page.records {
        let IndexEntry(sequence) = view.keyring.check(key, entry).map_err(damaged)?;
        let version = key::version_of_index(key).ok_or_else(|| damaged(CodecError::Field))?;
        transaction.remove_version(sequence);
        transaction.remove_index(object, &version);
    }
    if !page.more {
        garbage
            .current
            .into_iter()
            .for_each(|sequence| transaction.remove_version(sequence));
        transaction.remove_garbage(object);
    }
    Ok(())
}

fn rewrap(transaction: &mut Transaction<'_>, heads: &[Key], last: u32) -> Result<(), ObjectError> {
    let view = transaction.view;
    for key in heads {
        let Some(record) = view.snapshot.get(key)? else {
            continue;
        };
        if !is_outdated(&record, last) {
            continue;
        }
        let (kind, name) = key::object_of_head(key).ok_or_else(|| ObjectError::Corrupt {
            what: "a head's key".into(),
        })?;
        let salt = transaction.inputs.bytes();
        let rewrapped = head::rewrap(view.keyring, kind, &name, &record, &salt)?;
        transaction.replace_head(key.clone(), rewrapped);
    }
    Ok(())
}

fn erased(transaction: &mut Transaction<'_>, last: u32) -> Result<(), ObjectError> {
    let pending = transaction::erasure(transaction.view)?;
    // Seeds purged meanwhile were under a newer term, which is still there: that erasure begins now.
    let rest = pending.filter(|pending| pending.term > last);
    let since = transaction.now;
    transaction.put_erasure(rest.map(|rest| Erasure { since, ..rest }));
    Ok(())
}
