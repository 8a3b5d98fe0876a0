//! What is remembered of a vault outside of it, as the leader holds it.

use strongroom_wire::admin::{Anchor, BundleId};
use uuid::Uuid;

use crate::record::{Kept, Pushed, Record};

/// What is remembered of a vault. It runs ahead of the record that is stored: the operator waits for the API server to
/// store a record, and tells the vault without waiting.
#[derive(Debug, Default)]
pub struct Memory {
    /// The id that the vault was found to have, of those that it claimed.
    identified: Option<Uuid>,
    record: Option<Record>,
    /// The stored record as last read or written.
    kept: Option<Kept>,
}

impl Memory {
    /// Whether the vault was found to be the one with this id.
    pub fn is_identified(&self, id: Uuid) -> bool {
        self.identified == Some(id)
    }

    /// Notes that the vault is the one with this id, and what is stored of it. What this leader knows of it already is
    /// later.
    pub fn identify(&mut self, id: Uuid, kept: Option<Kept>) {
        let stored = kept.as_ref().map(|kept| &kept.record);
        let stored = stored.filter(|stored| stored.id == id);
        let held = self.record.take().filter(|held| {
            let older = |stored: &Record| held.anchor.generation < stored.anchor.generation;
            held.id == id && !stored.is_some_and(older)
        });
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

    /// The bundle that the vault with this id took last.
    pub fn pushed(&self, id: Uuid) -> Option<Pushed> {
        self.of(id)?.pushed.clone()
    }

    /// Moves the anchor of an identified vault, that of the Vault object with this UID.
    pub fn anchor(&mut self, uid: &str, id: Uuid, anchor: Anchor) {
        if self.is_identified(id) {
            let pushed = self.pushed(id);
            self.record = Some(Record {
                uid: uid.to_owned(),
                id,
                anchor,
                pushed,
            });
        }
    }

    /// Notes which bundle, of so many bytes, the vault with this id took last.
    pub fn push(&mut self, id: Uuid, bundle: &BundleId, bytes: usize) {
        let is_identified = self.is_identified(id);
        if let Some(record) = self.record.as_mut().filter(|_| is_identified) {
            record.pushed = Some(Pushed {
                bundle: bundle.clone(),
                bytes,
            });
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "u-1";

    fn at(generation: u64) -> Anchor {
        Anchor {
            generation,
            digest: String::new(),
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
}
