//! What a vault's stream has for one volume: messages that become one where a later one says all that an earlier one said,
//! so that they are bounded however much a vault sends, and contents, which are bounded by what was asked for.

use std::collections::{BTreeMap, VecDeque};

use parking_lot::Mutex;
use strongroom_core::limits::VALUE_BYTES;
use strongroom_wire::watch::{Changed, Contents, Fetch, NamedState, ObjectKind, server_message::Message};
use tokio::sync::Notify;

use super::Signal;
use crate::volume::spec::MAX_FILES;

/// The longest name of an object and of a version. What is longer names none.
const NAME_BYTES: usize = 127;
/// The objects that may be spoken of at once: those of a volume, and of what it asked for before.
const OBJECTS: usize = 2 * MAX_FILES;
/// How often one object may be asked for before the first answer: under the subscription of before, and of now.
const FETCHES: u8 = 2;

/// What no honest vault says. Its stream is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Contents that nobody asked for.
    #[error("the vault sent contents that it was not asked for")]
    Unasked,
    /// A value larger than any secret holds.
    #[error("the vault sent a value of more than {VALUE_BYTES} bytes")]
    LargeValue,
    /// More objects than a volume has.
    #[error("the vault speaks of more than {OBJECTS} objects to one volume")]
    Objects,
}

/// Where signals wait for one volume.
#[derive(Debug, Default)]
pub struct Mailbox {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    signals: VecDeque<Signal>,
    /// How often the contents of each object are asked for and not there.
    asked: BTreeMap<Asked, u8>,
}

/// An object by its kind, as the protocol numbers it, and its name in lower case.
type Asked = (i32, String);

fn asked(kind: i32, name: &str) -> Asked {
    (kind, name.to_ascii_lowercase())
}

impl Mailbox {
    /// The next signal. Cancel-safe.
    pub async fn next(&self) -> Signal {
        loop {
            if let Some(signal) = self.waiting.lock().signals.pop_front() {
                return signal;
            }
            self.arrived.notified().await;
        }
    }

    /// The vault is about to be asked for these contents.
    pub fn expect(&self, fetch: &Fetch) {
        let of = |kind: ObjectKind| move |name: &String| asked(kind.into(), name);
        let secrets = fetch.names.iter().map(of(ObjectKind::Secret));
        let keys = fetch.keys.iter().map(of(ObjectKind::Key));
        let mut waiting = self.waiting.lock();
        for object in secrets.chain(keys) {
            let times = waiting.asked.entry(object).or_default();
            *times = times.saturating_add(1).min(FETCHES);
        }
    }

    /// The stream opened or was lost. What another connection said is of no more use: the next one begins with the
    /// present state.
    pub fn restart(&self, signal: Signal) {
        *self.waiting.lock() = Waiting {
            signals: VecDeque::from([signal]),
            asked: BTreeMap::new(),
        };
        self.arrived.notify_one();
    }

    /// Takes what the vault says. Errors: no honest vault says it.
    pub fn put(&self, message: Message) -> Result<(), Violation> {
        self.waiting.lock().put(message)?;
        self.arrived.notify_one();
        Ok(())
    }
}

impl Waiting {
    fn put(&mut self, mut message: Message) -> Result<(), Violation> {
        match &mut message {
            Message::Subscribed(subscribed) => {
                subscribed.objects.retain(names_an_object);
                check_count(subscribed.objects.len())?;
                // It says how all objects stand now.
                self.forget(|of| matches!(of, Message::Subscribed(_) | Message::Changed(_)));
            }
            Message::Changed(changed) => {
                changed.objects.retain(names_an_object);
                return self.put_changed(std::mem::take(changed));
            }
            Message::RefChanged(_) => self.forget(|of| matches!(of, Message::RefChanged(_))),
            Message::Contents(contents) => self.take_asked(contents)?,
            Message::Revoked(revoked) => {
                // Longer than any note.
                revoked
                    .message
                    .truncate(revoked.message.floor_char_boundary(1 << 10));
                self.forget(|of| !matches!(of, Message::RefChanged(_)));
            }
        }
        self.signals.push_back(Signal::Message(message));
        Ok(())
    }

    fn forget(&mut self, is_said: impl Fn(&Message) -> bool) {
        let is_kept = |signal: &Signal| !matches!(signal, Signal::Message(message) if is_said(message));
        self.signals.retain(is_kept);
    }

    /// Merged with what waits already: of each object the latest counts.
    fn put_changed(&mut self, mut changed: Changed) -> Result<(), Violation> {
        let mut known = self.signals.iter_mut().filter_map(|signal| match signal {
            Signal::Message(Message::Changed(known)) => Some(known),
            _ => None,
        });
        if let Some(known) = known.next() {
            let mut states: BTreeMap<(i32, String), NamedState> = BTreeMap::new();
            for state in std::mem::take(&mut known.objects)
                .into_iter()
                .chain(changed.objects)
            {
                states.insert((state.kind, state.name.clone()), state);
            }
            check_count(states.len())?;
            known.objects = states.into_values().collect();
            return Ok(());
        }
        check_count(changed.objects.len())?;
        changed.objects.shrink_to_fit();
        self.signals.push_back(Signal::Message(Message::Changed(changed)));
        Ok(())
    }

    fn take_asked(&mut self, contents: &Contents) -> Result<(), Violation> {
        for content in &contents.contents {
            if content.value.len() > VALUE_BYTES {
                return Err(Violation::LargeValue);
            }
            let object = content.state.as_ref().map(|state| asked(state.kind, &state.name));
            let times = object.and_then(|object| self.asked.get_mut(&object));
            match times.filter(|times| **times > 0) {
                Some(times) => *times -= 1,
                None => return Err(Violation::Unasked),
            }
        }
        self.asked.retain(|_, times| *times > 0);
        Ok(())
    }
}

fn names_an_object(state: &NamedState) -> bool {
    let is_known = ObjectKind::try_from(state.kind).is_ok();
    is_known && (1..=NAME_BYTES).contains(&state.name.len()) && state.version.len() <= NAME_BYTES
}

const fn check_count(objects: usize) -> Result<(), Violation> {
    if objects > OBJECTS {
        return Err(Violation::Objects);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
