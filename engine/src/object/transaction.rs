//! The changes of one operation while it is being decided. One transaction may touch objects of several kinds.

use strongroom_core::{NamedObject, ObjectKind, ObjectName, Timestamp, Version};

use super::{
    error::{ObjectError, damaged_state},
    inputs::Inputs,
    view::View,
};
use crate::{
    crypt::{
        cipher::KeyBytes,
        head::{self, Head, WrappedSeed},
        keyring::Keyring,
        version::{self, RecordKey},
    },
    format::{
        encoded::Encoded,
        fields::VersionFields,
        head::HeadFields,
        id::{Located, ObjectId, Owner, Sequence},
        key,
        record::Record as _,
        records::{Erasure, Garbage, IndexEntry},
        state::State,
        task::Due,
    },
    store::{Batch, Key, Value},
};

/// What a write changes: records for the store, and the objects whose answer to a reader may now be another.
#[derive(Debug, Default)]
pub struct Changes {
    /// The records.
    pub batch: Batch,
    /// The objects, each without a version.
    pub objects: Vec<NamedObject>,
}

/// A write in the making.
pub struct Transaction<'a> {
    pub(crate) view: View<'a>,
    pub(crate) inputs: &'a mut Inputs,
    pub(crate) now: Timestamp,
    state: State,
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
    /// Begins a write on `view` at `now`.
    pub fn begin(view: View<'a>, inputs: &'a mut Inputs, now: Timestamp) -> Result<Self, ObjectError> {
        let state = state(view)?;
        Ok(Self {
            view,
            inputs,
            now,
            state,
            changes: Changes::default(),
        })
    }

    /// The changes, with the vault's new state among them.
    pub fn finish(mut self) -> Changes {
        let state = self.state.encode(self.view.vault());
        self.changes.batch.put(key::state(), state);
        self.changes
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
            object: ObjectId(self.state.next()),
        };
        let seed = self.inputs.bytes();
        let wrapped = WrappedSeed::wrap(owner, self.view.keyring, &seed, &self.inputs.bytes())?;
        Ok(Sealed { owner, seed, wrapped })
    }

    /// The object of an opened head.
    pub(crate) fn known<'n, F>(&self, kind: ObjectKind, name: &'n ObjectName, head: &Head<F>) -> Sealed<'n> {
        Sealed {
            owner: Owner {
                vault: self.view.vault(),
                kind,
                name,
                object: head.object,
            },
            seed: head.seed.clone(),
            wrapped: head.wrapped.clone(),
        }
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
            sequence: self.state.next(),
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
        self.changes.batch.put(
            key::index(object, &place.version),
            IndexEntry(place.sequence).encode(self.view.vault()),
        );
    }

    /// Removes an index entry.
    pub(crate) fn remove_index(&mut self, object: ObjectId, version: &Version) {
        self.changes.batch.remove(key::index(object, version));
    }

    /// Writes the head, among the live ones or the deleted ones as its fields say.
    pub(crate) fn put_head<F: Encoded>(
        &mut self,
        object: &Sealed<'_>,
        fields: &HeadFields<F>,
    ) -> Result<(), ObjectError> {
        let revision = self.state.next();
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
        self.replace_head(key, Some(record))
    }

    /// Puts a head record in place of what is there, and moves count and digest along.
    pub(crate) fn replace_head(&mut self, key: Key, record: Option<Value>) -> Result<(), ObjectError> {
        let digests = self.view.keyring.digest();
        let before = match self.changes.batch.get(&key) {
            Some(changed) => changed.cloned(),
            None => self.view.snapshot.get(&key)?,
        };
        if let Some(before) = before {
            self.state.digest = digests.without(self.state.digest, &key, &before);
            self.state.heads = self.state.heads.saturating_sub(1);
        }
        let Some(record) = record else {
            self.changes.batch.remove(key);
            return Ok(());
        };
        self.state.digest = digests.with(self.state.digest, &key, &record);
        self.state.heads = self.state.heads.saturating_add(1);
        self.changes.batch.put(key, record);
        Ok(())
    }

    /// Adds a task to the schedule.
    pub(crate) fn put_due(&mut self, due: &Due) {
        self.changes.batch.put(key::schedule(due), Value::new([]));
    }

    /// Takes a task off the schedule.
    pub(crate) fn remove_due(&mut self, due: &Due) {
        self.changes.batch.remove(key::schedule(due));
    }

    /// Writes down what is left of an object.
    pub(crate) fn put_garbage(&mut self, object: ObjectId, garbage: Garbage) {
        self.changes
            .batch
            .put(key::garbage(object), garbage.encode(self.view.vault()));
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
        match self.changes.batch.get(&key::erasure()) {
            Some(changed) => changed
                .map(|record| decode_erasure(self.view, record))
                .transpose(),
            None => erasure(self.view),
        }
    }

    /// Writes the pending erasure, or that there is none.
    pub(crate) fn put_erasure(&mut self, erasure: Option<Erasure>) {
        match erasure {
            Some(erasure) => self
                .changes
                .batch
                .put(key::erasure(), erasure.encode(self.view.vault())),
            None => self.changes.batch.remove(key::erasure()),
        }
    }
}

/// What the store of a new vault begins with.
pub fn initial(keyring: &Keyring) -> Batch {
    let mut batch = Batch::default();
    let state = State::new(keyring.digest().empty());
    batch.put(key::state(), state.encode(keyring.vault()));
    batch
}

/// The vault's state in a snapshot.
pub(crate) fn state(view: View<'_>) -> Result<State, ObjectError> {
    let record = view.snapshot.get(&key::state())?;
    let record = record.ok_or_else(|| ObjectError::Corrupt {
        what: "the vault's state".into(),
    })?;
    State::decode(view.vault(), &record).map_err(|error| damaged_state("the vault's state", error))
}

/// The pending erasure in a snapshot.
pub(crate) fn erasure(view: View<'_>) -> Result<Option<Erasure>, ObjectError> {
    let record = view.snapshot.get(&key::erasure())?;
    record.map(|record| decode_erasure(view, &record)).transpose()
}

fn decode_erasure(view: View<'_>, record: &Value) -> Result<Erasure, ObjectError> {
    Erasure::decode(view.vault(), record).map_err(|error| damaged_state("the pending erasure", error))
}
