//! The events of a vault's objects: noted in the transaction that makes them happen, and listed.
//!
//! Their numbers have no gaps. So the oldest event is known without looking, and goes in the batch that brings one too
//! many: an event costs three records, whatever the number of those that are kept.

use super::{
    error::{ObjectError, damaged_state},
    kind::Kind,
    transaction::Transaction,
    view::{HeadFieldsOf, View},
};
use crate::format::{
    codec::CodecError,
    event::{EventId, EventType, LastEvent, LifecycleEvent, Occurrence},
    key,
};

/// Some events, in the order in which they happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventPage {
    /// The events.
    pub events: Vec<LifecycleEvent>,
    /// Whether others follow the last one.
    pub more: bool,
}

/// Notes that something happened to the current version of `head`.
pub(crate) fn note<K: Kind>(
    transaction: &mut Transaction<'_>,
    occurrence: Occurrence,
    head: &HeadFieldsOf<K>,
) -> Result<(), ObjectError> {
    let number = last(transaction)?.saturating_add(1);
    let salt = transaction.inputs.bytes();
    let event = LifecycleEvent {
        id: EventId::new(number, salt.first_chunk().copied().unwrap_or_default()),
        time: transaction.now,
        event_type: EventType {
            kind: K::KIND,
            occurrence,
        },
        name: head.name.clone(),
        version: head.version,
        not_before: head.current.not_before,
        expires: head.current.expires,
    };
    transaction.put(key::event(number), &event);
    transaction.put(key::last_event(), &LastEvent(number));
    let kept = transaction.view.rules.limits.events;
    if let Some(oldest) = number.checked_sub(kept).filter(|oldest| *oldest > 0) {
        transaction.remove(key::event(oldest));
    }
    transaction.tell(event.event_type);
    Ok(())
}

/// The number of the last event, those of this transaction included; 0 before the first.
fn last(transaction: &Transaction<'_>) -> Result<u64, ObjectError> {
    let place = key::last_event();
    let Some(record) = transaction.found(&place)? else {
        return Ok(0);
    };
    let LastEvent(number) = transaction.view.keyring.check(&place, &record).map_err(damaged)?;
    Ok(number)
}

/// Up to `limit` events from the one after `after` on, or from the oldest that is kept; none if `after` is not kept.
pub(crate) fn list(
    view: View<'_>,
    after: Option<EventId>,
    limit: usize,
) -> Result<Option<EventPage>, ObjectError> {
    let after = match after {
        Some(id) if event(view, id)?.is_none() => return Ok(None),
        after => after.map(|id| key::event(id.number())),
    };
    let page = view.snapshot.scan(&key::all_events(), after.as_ref(), limit)?;
    let records = page.records.iter();
    let events = records.map(|(place, record)| view.keyring.check(place, record).map_err(damaged));
    Ok(Some(EventPage {
        events: events.collect::<Result<_, _>>()?,
        more: page.more,
    }))
}

/// The event with this id, if it is kept.
fn event(view: View<'_>, id: EventId) -> Result<Option<LifecycleEvent>, ObjectError> {
    let place = key::event(id.number());
    let Some(record) = view.snapshot.get(&place)? else {
        return Ok(None);
    };
    let event: LifecycleEvent = view.keyring.check(&place, &record).map_err(damaged)?;
    Ok(Some(event).filter(|event| event.id == id))
}

fn damaged(error: CodecError) -> ObjectError {
    damaged_state("the events", error)
}
