//! The audit records of committed changes on their way to the log.
//!
//! A record is in the store from the commit of its change on; it is appended to the log after the commit, and removed
//! from the store by a later commit once the log has it on the disk. The log knows the last place it took, so handing
//! it a record again after a crash does nothing.

use std::{collections::VecDeque, sync::Arc};

use strongroom_audit::{AppendError, Class, Entry, Log, Place};

use crate::{
    crypt::keyring::Keyring,
    format::{codec::CodecError, key},
    object::error::{ObjectError, damaged_state},
    store::{Batch, Key, Limits, Snapshot, each},
};

/// How many records one commit removes at most.
const STRETCH: usize = 1_024;

/// One part of these of a batch may remove records. A change has three records or more beside its audit record, so the
/// outbox empties faster than it fills.
const PARTS: usize = 4;

/// The outbox as the writer knows it.
pub(super) struct Outbox {
    /// The name of the replica whose log it is.
    replica: Box<str>,
    log: Arc<Log>,
    /// How many records one commit removes.
    stretch: usize,
    /// Committed, not yet in the log; oldest first.
    waiting: VecDeque<(Place, Entry)>,
    /// In the log, still in the store; oldest first.
    drained: VecDeque<Place>,
    /// A commit began whose end is not known, or the log has lost records that it had taken.
    in_doubt: bool,
}

impl Outbox {
    /// Takes up what an earlier run left, and hands it to the log.
    pub(super) fn load(
        snapshot: &dyn Snapshot,
        keyring: &Keyring,
        limits: Limits,
        replica: Box<str>,
        log: Arc<Log>,
    ) -> Result<Self, ObjectError> {
        let mut outbox = Self {
            waiting: stored(snapshot, keyring, &replica)?,
            replica,
            log,
            stretch: limits.share(PARTS, STRETCH),
            drained: VecDeque::new(),
            in_doubt: false,
        };
        outbox.drain();
        Ok(outbox)
    }

    /// How many keys the outbox changes in a batch at most, beside one for each of the batch's own records.
    pub(super) fn most_ops(&self) -> usize {
        self.drained.len().min(self.stretch) + 1
    }

    /// A commit begins: until it is known how it ended, the store may hold records that the outbox does not know.
    pub(super) const fn begin(&mut self) {
        self.in_doubt = true;
    }

    /// The commit changed nothing.
    pub(super) const fn not_committed(&mut self) {
        self.in_doubt = false;
    }

    /// Whether it is not known which records the store holds and the log does not.
    pub(super) const fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// Takes up what the store holds and the log does not: the records of a commit of which it was not known that it
    /// succeeded, which the log would refuse later as older than what it has, and those that the log lost.
    pub(super) fn recover(&mut self, snapshot: &dyn Snapshot, keyring: &Keyring) -> Result<(), ObjectError> {
        let mut waiting = stored(snapshot, keyring, &self.replica)?;
        self.log.drain_again();
        let last = self.log.last_drained();
        waiting.retain(|(place, _)| Some(*place) > last);
        self.drained.retain(|place| Some(*place) <= last);
        self.waiting = waiting;
        self.in_doubt = false;
        self.drain();
        Ok(())
    }

    /// Whether a change may be committed now: its record must be able to follow.
    pub(super) fn is_open(&mut self) -> bool {
        self.drain();
        self.waiting.is_empty() && self.log.check(Class::Write).is_ok()
    }

    /// Records what changed nothing, straight in the log. Policy allowed it, so it is no refusal to the log.
    pub(super) fn refuse(&self, entry: &Entry) -> bool {
        self.log.append(Class::Write, entry).is_ok()
    }

    /// Adds to a batch the records of its own changes, and removes those that the log has on the disk. Answers what is
    /// to be reported once the batch is committed.
    pub(super) fn put(
        &self,
        batch: &mut Batch,
        keyring: &Keyring,
        generation: u64,
        entries: Vec<Entry>,
    ) -> Pending {
        let places = (0..).map(|index| Place { generation, index });
        let added: Vec<_> = places.zip(entries).collect();
        for (place, entry) in &added {
            let key = self.key(*place);
            let record = keyring.prove(&key, entry);
            batch.put(key, record);
        }
        let synced = self.log.synced();
        let on_disk = |place: &&Place| synced.drained.is_some_and(|last| **place <= last);
        let removed = self.drained.iter().take(self.stretch).take_while(on_disk);
        let removed = removed.map(|place| batch.remove(self.key(*place))).count();
        batch.put(key::audit_head(), keyring.prove(&key::audit_head(), &synced.head));
        Pending { added, removed }
    }

    fn key(&self, place: Place) -> Key {
        key::outbox(&self.replica, place.generation, place.index)
    }

    /// The batch was committed: its records go to the log.
    pub(super) fn committed(&mut self, pending: Pending) {
        self.in_doubt = false;
        self.drained.drain(..pending.removed.min(self.drained.len()));
        self.waiting.extend(pending.added);
        self.drain();
    }

    /// Hands waiting records to the log, until it refuses one; the rest waits for the next time.
    pub(super) fn drain(&mut self) {
        while let Some((place, entry)) = self.waiting.front() {
            match self.log.drain(*place, entry) {
                Ok(_) => {}
                Err(AppendError::DrainAgain) => {
                    self.in_doubt = true;
                    return;
                }
                Err(_) => return,
            }
            self.drained.push_back(*place);
            self.waiting.pop_front();
        }
    }
}

/// The records in the store, oldest first.
fn stored(
    snapshot: &dyn Snapshot,
    keyring: &Keyring,
    replica: &str,
) -> Result<VecDeque<(Place, Entry)>, ObjectError> {
    let damaged = |error| damaged_state("an audit record", error);
    let mut found = VecDeque::new();
    each(snapshot, &key::all_outbox(replica), |key, record| {
        let parts = key::parts_of_outbox(replica, key);
        let (generation, index) = parts.ok_or_else(|| damaged(CodecError::Field))?;
        let entry = keyring.check(key, record).map_err(damaged)?;
        found.push_back((Place { generation, index }, entry));
        Ok::<_, ObjectError>(())
    })?;
    Ok(found)
}

/// What a batch does to the outbox.
pub(super) struct Pending {
    added: Vec<(Place, Entry)>,
    removed: usize,
}
