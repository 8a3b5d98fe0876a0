//! The changes of one operation while it is being decided. One transaction may touch objects of several kinds.

use strongroom_core::{NamedObject, ObjectKind, ObjectName, Timestamp, Version};

use super::{
    error::{ObjectError, damaged_state},
    inputs::Inputs,
    request_time::RequestTime,
    view::View,
};
use crate::{
    crypt::{
        cipher::KeyBytes,
        head::{self, Head, WrappedSeed},
        version::{self, RecordKey},
    },
    format::{
        encoded::Encoded,
        event::EventType,
        fields::VersionFields,
        head::HeadFields,
        id::{Located, ObjectId, Owner, Sequence},
        key,
        record::Record,
        records::{Erasure, Garbage, IndexEntry, Scheduled},
        task::Due,
    },
    store::{Batch, Key, Value, bytes_of},
};

/// What a write changes: records for the store, and the objects whose answer to a reader may now be another.
#[derive(Debug, Default)]
pub struct Changes {
    /// The records.
    pub batch: Batch,
    /// The objects, each without a version.
    pub objects: Vec<NamedObject>,
    /// The number given out last, if any was.
    pub last: Option<Sequence>,
    /// How many bytes the vault's objects take more, where that was checked.
    pub growth: u64,
    /// What happened to objects, event by event.
    pub events: Vec<EventType>,
}

/// A write in the making.
pub struct Transaction<'a> {
    pub(crate) view: View<'a>,
    pub(crate) inputs: &'a mut Inputs,
    pub(crate) now: Timestamp,
    /// From when on what is deleted must be kept.
    pub(crate) kept_from: Timestamp,
    changes: Changes,
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transaction")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// An object whose head is to be written.
pub(crate) struct Sealed<'n> {
    pub(crate) owner: Owner<'n>,
    seed: KeyBytes,
    wrapped: WrappedSeed,
}

impl<'a> Transaction<'a> {
    /// Begins a write on `view` at `time`.
    pub fn begin(view: View<'a>, inputs: &'a mut Inputs, time: impl Into<RequestTime>) -> Self {
        let RequestTime { now, latest } = time.into();
        Self {
            view,
            inputs,
            now,
            kept_from: latest,
            changes: Changes::default(),
        }
    }

    /// The changes.
    pub fn finish(self) -> Changes {
        self.changes
    }

    /// Checks that the vault has room for what the objects take after the changes.
    pub(crate) fn check_room(&mut self) -> Result<(), ObjectError> {
        let (mut added, mut removed) = (0_u64, 0_u64);
        let changes = self.changes.batch.iter();
        for (key, record) in changes.filter(|(key, _)| key::is_of_object(key)) {
            added = added.saturating_add(record.map_or(0, |record| bytes_of(key, record)));
            if let Some(before) = self.view.snapshot.get(key)? {
                removed = removed.saturating_add(bytes_of(key, &before));
            }
        }
        let growth = added.saturating_sub(removed);
        let limit = self.view.rules.limits.object_bytes;
        if growth > 0 && self.view.bytes.saturating_add(growth) > limit {
            return Err(ObjectError::VaultFull { limit });
        }
        self.changes.growth = growth;
        Ok(())
    }

    /// Gives out the next number.
    fn next(&mut self) -> Sequence {
        let last = self.changes.last.unwrap_or(self.view.last);
        let next = Sequence(last.0.saturating_add(1));
        self.changes.last = Some(next);
        next
    }

    /// Puts a record with its proof.
    pub(super) fn put<R: Record>(&mut self, place: Key, record: &R) {
        let record = self.view.keyring.prove(&place, record);
        self.changes.batch.put(place, record);
    }

    /// Removes a record.
    pub(super) fn remove(&mut self, place: Key) {
        self.changes.batch.remove(place);
    }

    /// The record at `place`, with what this transaction has changed.
    pub(super) fn found(&self, place: &Key) -> Result<Option<Value>, ObjectError> {
        match self.changes.batch.get(place) {
            Some(changed) => Ok(changed.cloned()),
            None => Ok(self.view.snapshot.get(place)?),
        }
    }

    /// Tells that something of this type happened.
    pub(super) fn tell(&mut self, event: EventType) {
        self.changes.events.push(event);
    }

    /// Notes that readers of the object may get another answer now.
    pub(crate) fn touch(&mut self, kind: ObjectKind, name: &ObjectName) {
        self.changes.objects.push(NamedObject {
            kind,
            name: name.clone(),
            version: None,
        });
    }

    /// A new object of this kind and name, with a seed of its own.
    pub(crate) fn new_object<'n>(
        &mut self,
        kind: ObjectKind,
        name: &'n ObjectName,
    ) -> Result<Sealed<'n>, ObjectError> {
        let owner = Owner {
            vault: self.view.vault(),
            kind,
            name,
            object: ObjectId(self.next()),
        };
        let seed = self.inputs.bytes();
        let wrapped = WrappedSeed::of(owner, self.view.keyring, &seed, &self.inputs.bytes())?;
        Ok(Sealed { owner, seed, wrapped })
    }

    /// The object of an opened head.
    pub(crate) fn known<'n, F, O>(
        &mut self,
        kind: ObjectKind,
        name: &'n ObjectName,
        head: &Head<F, O>,
    ) -> Result<Sealed<'n>, ObjectError> {
        let owner = Owner {
            vault: self.view.vault(),
            kind,
            name,
            object: head.object,
        };
        let seed = head.seed.clone();
        let wrapped = if head.wrapped.is_newest() {
            head.wrapped.clone()
        } else {
            WrappedSeed::of(owner, self.view.keyring, &seed, &self.inputs.bytes())?
        };
        Ok(Sealed { owner, seed, wrapped })
    }

    /// Writes a version record; answers where.
    pub(crate) fn put_version<C: Encoded, F: Encoded>(
        &mut self,
        object: &Sealed<'_>,
        version: Version,
        content: &C,
        fields: &VersionFields<F>,
    ) -> Result<Located, ObjectError> {
        let place = Located {
            version,
            sequence: self.next(),
        };
        let salt = self.inputs.bytes();
        let key = RecordKey {
            seed: &object.seed,
            salt: &salt,
        };
        let record = version::seal(object.owner, key, place, content, fields)?;
        self.changes.batch.put(key::version(place.sequence), record);
        Ok(place)
    }

    /// Removes a version record.
    pub(crate) fn remove_version(&mut self, sequence: Sequence) {
        self.changes.batch.remove(key::version(sequence));
    }

    /// Lets the index lead from an older version to its record.
    pub(crate) fn put_index(&mut self, object: ObjectId, place: Located) {
        let entry = IndexEntry(place.sequence);
        self.put(key::index(object, &place.version), &entry);
    }

    /// Removes an index entry.
    pub(crate) fn remove_index(&mut self, object: ObjectId, version: &Version) {
        self.changes.batch.remove(key::index(object, version));
    }

    /// Writes the head, among the live ones or the deleted ones as its fields say.
    pub(crate) fn put_head<F: Encoded, O: Encoded + Default>(
        &mut self,
        object: &Sealed<'_>,
        fields: &HeadFields<F, O>,
    ) -> Result<(), ObjectError> {
        let revision = self.next();
        let salt = self.inputs.bytes();
        let key = RecordKey {
            seed: &object.seed,
            salt: &salt,
        };
        let record = head::seal(object.owner, key, &object.wrapped, revision, fields)?;
        let key = match fields.deleted {
            None => key::live(object.owner.kind, object.owner.name),
            Some(_) => key::deleted(object.owner.kind, object.owner.name),
        };
        self.changes.batch.put(key, record);
        Ok(())
    }

    /// Puts a head record in place of what is there.
    pub(crate) fn replace_head(&mut self, key: Key, record: Value) {
        self.changes.batch.put(key, record);
    }

    /// Removes a head.
    pub(crate) fn remove_head(&mut self, key: Key) {
        self.changes.batch.remove(key);
    }

    /// Adds a task to the schedule.
    pub(crate) fn put_due(&mut self, due: &Due) {
        self.put(key::schedule(due), &Scheduled);
    }

    /// Takes a task off the schedule.
    pub(crate) fn remove_due(&mut self, due: &Due) {
        self.changes.batch.remove(key::schedule(due));
    }

    /// Writes down what is left of an object.
    pub(crate) fn put_garbage(&mut self, object: ObjectId, garbage: Garbage) {
        self.put(key::garbage(object), &garbage);
    }

    /// Forgets what is left of an object.
    pub(crate) fn remove_garbage(&mut self, object: ObjectId) {
        self.changes.batch.remove(key::garbage(object));
    }

    /// Queues the erasure of seeds wrapped under `term`.
    pub(crate) fn request_erasure(&mut self, term: u32) -> Result<(), ObjectError> {
        let pending = self.pending_erasure()?;
        let erasure = Erasure {
            since: pending.map_or(self.now, |pending| pending.since),
            term: pending.map_or(term, |pending| pending.term.max(term)),
        };
        self.put_erasure(Some(erasure));
        Ok(())
    }

    /// The erasure that is pending with what this transaction has changed.
    fn pending_erasure(&self) -> Result<Option<Erasure>, ObjectError> {
        let record = self.found(&key::erasure())?;
        record
            .map(|record| decode_erasure(self.view, &record))
            .transpose()
    }

    /// Writes the pending erasure, or that there is none.
    pub(crate) fn put_erasure(&mut self, erasure: Option<Erasure>) {
        match erasure {
            Some(erasure) => self.put(key::erasure(), &erasure),
            None => self.changes.batch.remove(key::erasure()),
        }
    }
}

/// The pending erasure in a snapshot.
pub(crate) fn erasure(view: View<'_>) -> Result<Option<Erasure>, ObjectError> {
    let record = view.snapshot.get(&key::erasure())?;
    record.map(|record| decode_erasure(view, &record)).transpose()
}

fn decode_erasure(view: View<'_>, record: &Value) -> Result<Erasure, ObjectError> {
    let erasure = view.keyring.check(&key::erasure(), record);
    erasure.map_err(|error| damaged_state("the pending erasure", error))
}
