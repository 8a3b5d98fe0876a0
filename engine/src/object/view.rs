//! Finding objects: what reading and changing them have in common.

use std::{marker::PhantomData, sync::Arc};

use strongroom_core::{ObjectName, Timestamp, Version};

use super::{
    answer::{Attributes, Bundle},
    error::{ObjectError, damaged},
    kind::Kind,
    limits::ObjectLimits,
};
use crate::{
    crypt::{
        head::{self, Head},
        keyring::Keyring,
        opened::OpenedHeads,
        version,
    },
    format::{
        fields::VersionFields,
        head::HeadFields,
        id::{Located, Owner, Sequence, VaultId},
        key,
        records::IndexEntry,
        soft_delete::SoftDelete,
    },
    store::{Key, Snapshot, Value},
};

/// What a vault accepts and what it does with deleted objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// Sizes.
    pub limits: ObjectLimits,
    /// Retention and purge protection.
    pub soft_delete: SoftDelete,
}

/// One state of a vault with what it takes to read it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The state.
    pub snapshot: &'a dyn Snapshot,
    /// The number given out last.
    pub last: Sequence,
    /// The bytes of all records that are part of an object, at most.
    pub bytes: u64,
    /// The opened keyring.
    pub keyring: &'a Keyring,
    /// The heads that this keyring has opened.
    pub heads: &'a OpenedHeads,
    /// The vault's rules.
    pub rules: &'a Rules,
}

impl std::fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View")
            .field("generation", &self.snapshot.generation())
            .finish_non_exhaustive()
    }
}

impl<'a> View<'a> {
    /// The vault.
    pub(crate) const fn vault(self) -> VaultId {
        self.keyring.vault()
    }

    /// The objects of one kind.
    pub(crate) const fn of<K: Kind>(self) -> KindView<'a, K> {
        KindView {
            view: self,
            kind: PhantomData,
        }
    }
}

/// The head of an object of one kind.
pub(crate) type HeadOf<K> = Head<<K as Kind>::Fields, <K as Kind>::Object>;

/// What the head of an object of one kind says.
pub(crate) type HeadFieldsOf<K> = HeadFields<<K as Kind>::Fields, <K as Kind>::Object>;

/// The fields of a version of one kind.
pub(crate) type FieldsOf<K> = VersionFields<<K as Kind>::Fields>;

/// The objects of one kind in a view.
pub(crate) struct KindView<'a, K> {
    /// The whole state.
    pub(crate) view: View<'a>,
    kind: PhantomData<K>,
}

impl<K> Clone for KindView<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for KindView<'_, K> {}

impl<K: Kind> KindView<'_, K> {
    /// Of which object a record is.
    pub(crate) const fn owner<'n>(self, name: &'n ObjectName, head: &HeadOf<K>) -> Owner<'n> {
        Owner {
            vault: self.view.vault(),
            kind: K::KIND,
            name,
            object: head.object,
        }
    }

    /// Whether a live object has this name.
    pub(crate) fn is_live(self, name: &ObjectName) -> Result<bool, ObjectError> {
        Ok(self.view.snapshot.get(&key::live(K::KIND, name))?.is_some())
    }

    /// The live object of this name.
    pub(crate) fn live(self, name: &ObjectName) -> Result<Option<Arc<HeadOf<K>>>, ObjectError> {
        let key = key::live(K::KIND, name);
        let Some(record) = self.view.snapshot.get(&key)? else {
            return Ok(None);
        };
        let head = self.remembered(key, name, &record)?;
        if head.fields.deleted.is_none() {
            Ok(Some(head))
        } else {
            Err(damaged("the head", name))
        }
    }

    /// Opens the head stored at `key`, or remembers how the same bytes opened before.
    fn remembered(self, key: Key, name: &ObjectName, record: &Value) -> Result<Arc<HeadOf<K>>, ObjectError> {
        if let Some(head) = self.view.heads.get(&key, record) {
            return Ok(head);
        }
        let head = Arc::new(head::open(self.view.keyring, K::KIND, name, record)?);
        self.view.heads.put(key, record, &head);
        Ok(head)
    }

    /// Opens the head of an object that must be live, or must be deleted.
    pub(crate) fn open(
        self,
        name: &ObjectName,
        record: &Value,
        is_live: bool,
    ) -> Result<HeadOf<K>, ObjectError> {
        let head: HeadOf<K> = head::open(self.view.keyring, K::KIND, name, record)?;
        if head.fields.deleted.is_none() == is_live {
            Ok(head)
        } else {
            Err(damaged("the head", name))
        }
    }

    /// The live object of this name, or that there is none.
    pub(crate) fn require_live(self, name: &ObjectName) -> Result<Arc<HeadOf<K>>, ObjectError> {
        self.live(name)?.ok_or_else(|| not_found::<K>(name, None))
    }

    /// The deleted object of this name, whether its time has come or not.
    pub(crate) fn deleted(self, name: &ObjectName) -> Result<Option<HeadOf<K>>, ObjectError> {
        let Some(record) = self.view.snapshot.get(&key::deleted(K::KIND, name))? else {
            return Ok(None);
        };
        self.open(name, &record, false).map(Some)
    }

    /// The deleted object of this name that can still be recovered, or that there is none.
    pub(crate) fn require_deleted(self, name: &ObjectName, now: Timestamp) -> Result<HeadOf<K>, ObjectError> {
        self.deleted(name)?
            .filter(|head| !is_past(head, now))
            .ok_or_else(|| ObjectError::DeletedNotFound {
                kind: K::KIND,
                name: name.clone(),
            })
    }

    /// Which version is meant, and where its record lies.
    pub(crate) fn locate(
        self,
        name: &ObjectName,
        head: &HeadOf<K>,
        wanted: Option<&Version>,
    ) -> Result<Located, ObjectError> {
        let Some(wanted) = wanted.filter(|wanted| **wanted != head.fields.version) else {
            return Ok(current_place(head));
        };
        let place = key::index(head.object, wanted);
        let entry = self.view.snapshot.get(&place)?;
        let entry = entry.ok_or_else(|| not_found::<K>(name, Some(*wanted)))?;
        self.located(name, (&place, &entry))
    }

    /// The place that an index entry leads to.
    pub(crate) fn located(
        self,
        name: &ObjectName,
        (place, entry): (&Key, &Value),
    ) -> Result<Located, ObjectError> {
        let broken = || damaged("the index", name);
        let version = key::version_of_index(place).ok_or_else(broken)?;
        let IndexEntry(sequence) = self.view.keyring.check(place, entry).map_err(|_| broken())?;
        Ok(Located { version, sequence })
    }

    /// The sealed record of a version at its place.
    pub(crate) fn version_record(self, name: &ObjectName, place: Located) -> Result<Value, ObjectError> {
        let record = self.view.snapshot.get(&key::version(place.sequence))?;
        record.ok_or_else(|| damaged("a version", name))
    }

    /// Opens a version at its place.
    pub(crate) fn open_version(
        self,
        name: &ObjectName,
        head: &HeadOf<K>,
        place: Located,
    ) -> Result<(K::Content, FieldsOf<K>), ObjectError> {
        let record = self.version_record(name, place)?;
        let remembered = (place == current_place(head)).then_some(&head.current);
        let key = (&head.seed, remembered);
        Ok(version::open(self.owner(name, head), key, place, &record)?)
    }

    /// The answer about one version; with its content where it is given.
    pub(crate) fn bundle(
        self,
        head: &HeadOf<K>,
        version: Version,
        fields: FieldsOf<K>,
        content: Option<K::Content>,
    ) -> Bundle<K> {
        Bundle {
            name: head.fields.name.clone(),
            version,
            content,
            attributes: Attributes::of(&fields, self.view.rules.soft_delete),
            fields: fields.own,
            tags: fields.tags,
            object: head.fields.object.clone(),
            deleted: head.fields.deleted,
        }
    }

    /// The answer about an object by its current version, without the content.
    pub(crate) fn current(self, head: &HeadOf<K>) -> Bundle<K> {
        self.bundle(head, head.fields.version, head.fields.current.clone(), None)
    }

    /// The same with the content, where the kind always shows it.
    pub(crate) fn current_as_shown(
        self,
        name: &ObjectName,
        head: &HeadOf<K>,
    ) -> Result<Bundle<K>, ObjectError> {
        if !K::SHOWS_CONTENT_ALWAYS {
            return Ok(self.current(head));
        }
        let (content, fields) = self.open_version(name, head, current_place(head))?;
        Ok(self.bundle(head, head.fields.version, fields, Some(content)))
    }
}

/// The current version, and where its record lies.
pub(crate) const fn current_place<F, O>(head: &Head<F, O>) -> Located {
    Located {
        version: head.fields.version,
        sequence: head.fields.sequence,
    }
}

/// Whether a deleted object's time has come: it is gone, though its records may still be there.
pub(crate) fn is_past<F, O>(head: &Head<F, O>, now: Timestamp) -> bool {
    head.fields
        .deleted
        .is_some_and(|deletion| deletion.scheduled_purge_date <= now)
}

/// No such object or version.
pub(crate) fn not_found<K: Kind>(name: &ObjectName, version: Option<Version>) -> ObjectError {
    ObjectError::NotFound {
        kind: K::KIND,
        name: name.clone(),
        version,
    }
}
