//! What is remembered of a vault outside of it, as the leader holds it.

use strongroom_wire::admin::{Anchor, BundleId};
use uuid::Uuid;

use crate::record::{Kept, Pushed, Record, Used};

/// What is remembered of a vault. It runs ahead of the record that is stored: the operator waits for the API server to
/// store a record, and tells the vault without waiting. An anchor moves only once the one before it is stored: the vault
/// forgets what came before an anchor that it is asked for.
#[derive(Debug, Default)]
pub struct Memory {
    /// The id that the vault was found to have, of those that it claimed.
    identified: Option<Uuid>,
    record: Option<Record>,
    /// The stored record as last read or written.
    kept: Option<Kept>,
    /// The number of the anchored audit record, while the vault's log does not hold it.
    missed_record: Option<u64>,
}

/// What a vault is to be asked of its past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// How it stands to this anchor, which is stored; or nothing yet, where none is.
    Since(Option<Anchor>),
    /// Nothing, until the present anchor is stored.
    Later,
}

impl Memory {
    /// Whether the vault was found to be the one with this id.
    pub fn is_identified(&self, id: Uuid) -> bool {
        self.identified == Some(id)
    }

    /// Notes that the vault is the one with this id, and what is stored of it. What this leader knows of it already is
    /// later, unless someone else has stored something meanwhile.
    pub fn identify(&mut self, id: Uuid, kept: Option<Kept>) {
        let found = anchor_of(kept.as_ref());
        let is_ours = found.is_none() || found == anchor_of(self.kept.as_ref());
        let stored = kept.as_ref().map(|kept| &kept.record);
        let stored = stored.filter(|stored| stored.id == id);
        let held = self.record.take().filter(|held| held.id == id && is_ours);
        self.record = held.or_else(|| stored.cloned());
        self.kept = kept;
        self.identified = Some(id);
    }

    /// Notes that the vault is to be identified again.
    pub fn doubt(&mut self) {
        self.identified = None;
    }

    /// What is remembered of the vault with this id; nothing of another.
    pub fn of(&self, id: Uuid) -> Option<&Record> {
        let record = self.record.as_ref();
        record.filter(|record| record.id == id && self.is_identified(id))
    }

    /// What to ask the vault with this id.
    pub fn question(&self, id: Uuid) -> Question {
        let anchor = self.of(id).map(|record| &record.anchor);
        if anchor.is_none() || anchor == anchor_of(self.kept.as_ref()) {
            Question::Since(anchor.filter(|anchor| anchor.is_chained).cloned())
        } else {
            Question::Later
        }
    }

    /// The bundle that the vault with this id took last.
    pub fn pushed(&self, id: Uuid) -> Option<Pushed> {
        self.of(id)?.pushed.clone()
    }

    /// Moves the anchor of an identified vault, that of the Vault object with this UID.
    pub fn anchor(&mut self, uid: &str, id: Uuid, anchor: Anchor) {
        if self.is_identified(id) {
            let before = self.of(id).cloned();
            let (pushed, used) = before.map_or_else(Default::default, |before| (before.pushed, before.used));
            self.record = Some(Record {
                uid: uid.to_owned(),
                id,
                anchor,
                pushed,
                used,
            });
        }
    }

    /// Notes which bundle, of so many bytes, the vault with this id took last.
    pub fn push(&mut self, id: Uuid, bundle: &BundleId, bytes: usize) {
        if let Some(record) = self.of_mut(id) {
            record.pushed = Some(Pushed {
                bundle: bundle.clone(),
                bytes,
            });
        }
    }

    /// Notes which annotations of acceptance have acted.
    pub fn use_up(&mut self, id: Uuid, change: impl FnOnce(&mut Used)) {
        if let Some(record) = self.of_mut(id) {
            change(&mut record.used);
        }
    }

    fn of_mut(&mut self, id: Uuid) -> Option<&mut Record> {
        let is_identified = self.is_identified(id);
        self.record
            .as_mut()
            .filter(|record| is_identified && record.id == id)
    }

    /// Notes whether the log misses the anchored record. Returns its number if that is new.
    pub fn miss(&mut self, record: Option<u64>) -> Option<u64> {
        let before = std::mem::replace(&mut self.missed_record, record);
        record.filter(|_| record != before)
    }

    /// The number of the anchored audit record, while the vault's log does not hold it.
    pub const fn missed_record(&self) -> Option<u64> {
        self.missed_record
    }

    /// What is to be stored, and over what.
    pub fn due(&self) -> Option<(Record, Option<Kept>)> {
        let record = self.record.as_ref().filter(|_| self.identified.is_some())?;
        let stored = self.kept.as_ref().map(|kept| &kept.record);
        (stored != Some(record)).then(|| (record.clone(), self.kept.clone()))
    }

    /// Notes what was stored.
    pub fn store(&mut self, kept: Kept) {
        self.kept = Some(kept);
    }
}

fn anchor_of(kept: Option<&Kept>) -> Option<&Anchor> {
    kept.map(|kept| &kept.record.anchor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "u-1";

    fn at(generation: u64) -> Anchor {
        Anchor {
            generation,
            digest: String::new(),
            is_chained: true,
            audit_sequence: 0,
            audit_hash: String::new(),
        }
    }

    fn generation(memory: &Memory, id: Uuid) -> Option<u64> {
        memory.of(id).map(|record| record.anchor.generation)
    }

    #[test]
    fn what_is_remembered_is_of_the_id_that_was_identified_and_of_no_other() {
        let (ours, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut memory = Memory::default();
        memory.anchor(UID, ours, at(1));
        assert!(memory.due().is_none(), "not identified");
        memory.identify(ours, None);
        memory.anchor(UID, ours, at(1));
        memory.anchor(UID, other, at(9));
        assert_eq!(
            (generation(&memory, ours), generation(&memory, other)),
            (Some(1), None)
        );
        memory.identify(other, None);
        assert_eq!(
            (generation(&memory, ours), generation(&memory, other)),
            (None, None)
        );
    }

    #[test]
    fn an_anchor_that_is_not_stored_yet_outlives_a_doubt() {
        let ours = Uuid::from_u128(1);
        let mut memory = Memory::default();
        memory.identify(ours, None);
        memory.anchor(UID, ours, at(7));
        memory.doubt();
        assert_eq!(generation(&memory, ours), None);
        memory.identify(ours, None);
        assert_eq!(generation(&memory, ours), Some(7));
        assert!(memory.due().is_some());
    }

    #[test]
    fn a_vault_is_asked_of_its_past_only_by_what_is_stored() {
        let ours = Uuid::from_u128(1);
        let mut memory = Memory::default();
        memory.identify(ours, None);
        assert_eq!(memory.question(ours), Question::Since(None));
        memory.anchor(UID, ours, at(7));
        assert_eq!(memory.question(ours), Question::Later);
        let (record, _) = memory.due().unwrap();
        memory.store(Kept::read(record));
        assert_eq!(memory.question(ours), Question::Since(Some(at(7))));
    }

    #[test]
    fn what_another_leader_has_stored_meanwhile_is_what_counts() {
        let ours = Uuid::from_u128(1);
        let mut memory = Memory::default();
        memory.identify(ours, None);
        memory.anchor(UID, ours, at(7));
        let (record, _) = memory.due().unwrap();
        let theirs = Record {
            anchor: at(9),
            ..record
        };
        memory.doubt();
        memory.identify(ours, Some(Kept::read(theirs)));
        assert_eq!(generation(&memory, ours), Some(9));
    }
}
