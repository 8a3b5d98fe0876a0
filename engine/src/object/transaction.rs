//! The changes of one operation while it is being decided: what every write has in common.

use strongroom_core::{ObjectName, Timestamp, Version};

use crate::{
    crypt::{
        cipher::KeyBytes,
        head::{self, Head, WrappedSeed},
        keyring::Keyring,
        version,
    },
    format::{
        fields::VersionFields,
        head::HeadFields,
        id::{ObjectId, Owner, Sequence},
        key,
        record::Record,
        records::{Erasure, Garbage, IndexEntry},
        state::State,
        value::SecretValue,
    },
    object::{
        error::{ObjectError, damaged_state},
        inputs::Inputs,
        view::{KIND, View},
    },
    store::{Batch, Key, Value},
};

/// What a write changes: records for the store, and the names whose answer to a reader may now be another.
#[derive(Debug, Default)]
pub struct Changes {
    /// The records.
    pub batch: Batch,
    /// The names.
    pub names: Vec<ObjectName>,
}

/// A write in the making.
pub(crate) struct Transaction<'a> {
    pub(crate) view: View<'a>,
    pub(crate) inputs: &'a mut Inputs,
    pub(crate) now: Timestamp,
    state: State,
    changes: Changes,
}

/// An object whose head is to be written.
pub(crate) struct Sealed<'n> {
    pub(crate) owner: Owner<'n>,
    pub(crate) seed: KeyBytes,
    pub(crate) wrapped: WrappedSeed,
}

impl<'a> Transaction<'a> {
    pub(crate) fn begin(view: View<'a>, inputs: &'a mut Inputs, now: Timestamp) -> Result<Self, ObjectError> {
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
    pub(crate) fn finish(mut self) -> Changes {
        self.changes
            .batch
            .put(key::state(), self.state.encode(self.view.vault()));
        self.changes
    }

    /// Notes that readers of `name` may get another answer now.
    pub(crate) fn touched(&mut self, name: &ObjectName) {
        self.changes.names.push(name.clone());
    }

    /// A new object of this name, with a seed of its own.
    pub(crate) fn new_object<'n>(&mut self, name: &'n ObjectName) -> Result<Sealed<'n>, ObjectError> {
        let object = ObjectId(self.state.next());
        let owner = Owner {
            vault: self.view.vault(),
            kind: KIND,
            name,
            object,
        };
        let seed = self.inputs.bytes();
        let wrapped = head::wrap_seed(owner, self.view.keyring, &seed, &self.inputs.bytes())?;
        Ok(Sealed { owner, seed, wrapped })
    }

    /// The object of an opened head.
    pub(crate) fn known<'n>(&self, name: &'n ObjectName, head: &Head) -> Sealed<'n> {
        Sealed {
            owner: self.view.owner(name, head),
            seed: head.seed.clone(),
            wrapped: head.wrapped(),
        }
    }

    /// Writes a version record; answers where.
    pub(crate) fn put_version(
        &mut self,
        object: &Sealed<'_>,
        version: &Version,
        (value, fields): (&SecretValue, &VersionFields),
    ) -> Result<Sequence, ObjectError> {
        let sequence = self.state.next();
        let salt = self.inputs.bytes();
        let record = version::seal(
            object.owner,
            &object.seed,
            &salt,
            (version, sequence),
            (value, fields),
        )?;
        self.changes.batch.put(key::version(sequence), record);
        Ok(sequence)
    }

    /// Removes a version record.
    pub(crate) fn remove_version(&mut self, sequence: Sequence) {
        self.changes.batch.remove(key::version(sequence));
    }

    /// Lets the index lead from an older version to its record.
    pub(crate) fn put_index(&mut self, object: ObjectId, version: &Version, sequence: Sequence) {
        self.changes.batch.put(
            key::index(object, version),
            IndexEntry(sequence).encode(self.view.vault()),
        );
    }

    /// Removes an index entry.
    pub(crate) fn remove_index(&mut self, object: ObjectId, version: &Version) {
        self.changes.batch.remove(key::index(object, version));
    }

    /// Writes the head, among the live ones or the deleted ones as its fields say.
    pub(crate) fn put_head(&mut self, object: &Sealed<'_>, fields: &HeadFields) -> Result<(), ObjectError> {
        let revision = self.state.next();
        let salt = self.inputs.bytes();
        let record = head::seal(
            object.owner,
            (&object.seed, &object.wrapped),
            (revision, &salt),
            fields,
        )?;
        let key = match fields.deleted {
            None => key::live(KIND, object.owner.name),
            Some(_) => key::deleted(KIND, object.owner.name),
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

    /// Notes when a deleted object goes.
    pub(crate) fn put_schedule(&mut self, at: Timestamp, name: &ObjectName) {
        self.changes
            .batch
            .put(key::schedule(at, KIND, name), Value::new([]));
    }

    /// Forgets when a deleted object would go.
    pub(crate) fn remove_schedule(&mut self, at: Timestamp, name: &ObjectName) {
        self.changes.batch.remove(key::schedule(at, KIND, name));
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
        let pending = erasure(self.view)?;
        let erasure = Erasure {
            since: pending.map_or(self.now, |pending| pending.since),
            term: pending.map_or(term, |pending| pending.term.max(term)),
        };
        self.put_erasure(Some(erasure));
        Ok(())
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
    batch.put(
        key::state(),
        State::new(keyring.digest().empty()).encode(keyring.vault()),
    );
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
    let Some(record) = view.snapshot.get(&key::erasure())? else {
        return Ok(None);
    };
    let erasure = Erasure::decode(view.vault(), &record);
    erasure
        .map(Some)
        .map_err(|error| damaged_state("the pending erasure", error))
}
