//! Finding objects: what reading and changing them have in common.

use strongroom_core::{ObjectKind, ObjectName, Timestamp, Version};

use crate::{
    crypt::{head, head::Head, keyring::Keyring, opened::OpenedHeads, version},
    format::{
        fields::VersionFields,
        id::{Owner, Sequence, VaultId},
        key,
        record::Record,
        records::IndexEntry,
        value::SecretValue,
    },
    object::{
        answer::{Attributes, SecretBundle},
        error::{ObjectError, damaged},
        limits::{ObjectLimits, SoftDelete},
    },
    store::{Snapshot, Value},
};

/// What a vault accepts and what it does with deleted objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// Sizes.
    pub limits: ObjectLimits,
    /// Retention and purge protection.
    pub soft_delete: SoftDelete,
}

/// The kind of object that every operation here is about.
pub(crate) const KIND: ObjectKind = ObjectKind::Secrets;

/// One state of a vault with what it takes to read it.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The state.
    pub snapshot: &'a dyn Snapshot,
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

impl View<'_> {
    /// The vault.
    pub(crate) const fn vault(self) -> VaultId {
        self.keyring.vault()
    }

    /// Of which object a record is.
    pub(crate) const fn owner<'n>(self, name: &'n ObjectName, head: &Head) -> Owner<'n> {
        Owner {
            vault: self.vault(),
            kind: KIND,
            name,
            object: head.object,
        }
    }

    /// The stored head of the live object, unopened.
    pub(crate) fn live_record(self, name: &ObjectName) -> Result<Option<Value>, ObjectError> {
        Ok(self.snapshot.get(&key::live(KIND, name))?)
    }

    /// The live object of this name.
    pub(crate) fn live(self, name: &ObjectName) -> Result<Option<Head>, ObjectError> {
        let Some(record) = self.live_record(name)? else {
            return Ok(None);
        };
        let head = self.remembered(name, &record)?;
        if head.fields.deleted.is_none() {
            Ok(Some(head))
        } else {
            Err(damaged("the head", name))
        }
    }

    /// Opens the head stored for `name`, or remembers how the same bytes opened before.
    fn remembered(self, name: &ObjectName, record: &Value) -> Result<Head, ObjectError> {
        if let Some(head) = self.heads.get(name, record) {
            return Ok(head);
        }
        let head = head::open(self.vault(), name, self.keyring, record)?;
        self.heads.put(name, record, &head);
        Ok(head)
    }

    /// Opens the head of a live object.
    pub(crate) fn open_live(self, name: &ObjectName, record: &Value) -> Result<Head, ObjectError> {
        let head = head::open(self.vault(), name, self.keyring, record)?;
        if head.fields.deleted.is_none() {
            Ok(head)
        } else {
            Err(damaged("the head", name))
        }
    }

    /// The live object of this name, or that there is none.
    pub(crate) fn require_live(self, name: &ObjectName) -> Result<Head, ObjectError> {
        self.live(name)?.ok_or_else(|| not_found(name, None))
    }

    /// The deleted object of this name, whether its time has come or not.
    pub(crate) fn deleted(self, name: &ObjectName) -> Result<Option<Head>, ObjectError> {
        let Some(record) = self.snapshot.get(&key::deleted(KIND, name))? else {
            return Ok(None);
        };
        self.open_deleted(name, &record).map(Some)
    }

    /// Opens the head of a deleted object.
    pub(crate) fn open_deleted(self, name: &ObjectName, record: &Value) -> Result<Head, ObjectError> {
        let head = head::open(self.vault(), name, self.keyring, record)?;
        if head.fields.deleted.is_some() {
            Ok(head)
        } else {
            Err(damaged("the head", name))
        }
    }

    /// The deleted object of this name that can still be recovered, or that there is none.
    pub(crate) fn require_deleted(self, name: &ObjectName, now: Timestamp) -> Result<Head, ObjectError> {
        self.deleted(name)?
            .filter(|head| !is_past(head, now))
            .ok_or_else(|| not_found(name, None))
    }

    /// Which version is meant, and where its record lies.
    pub(crate) fn locate(
        self,
        name: &ObjectName,
        head: &Head,
        wanted: Option<&Version>,
    ) -> Result<(Version, Sequence), ObjectError> {
        let Some(wanted) = wanted.filter(|wanted| **wanted != head.fields.version) else {
            return Ok((head.fields.version, head.fields.sequence));
        };
        let entry = self.snapshot.get(&key::index(head.object, wanted))?;
        let entry = entry.ok_or_else(|| not_found(name, Some(*wanted)))?;
        let IndexEntry(sequence) =
            IndexEntry::decode(self.vault(), &entry).map_err(|_| damaged("the index", name))?;
        Ok((*wanted, sequence))
    }

    /// Opens a version at its place.
    pub(crate) fn open_version(
        self,
        name: &ObjectName,
        head: &Head,
        place: (&Version, Sequence),
    ) -> Result<(SecretValue, VersionFields), ObjectError> {
        let record = self.snapshot.get(&key::version(place.1))?;
        let record = record.ok_or_else(|| damaged("a version", name))?;
        Ok(version::open(self.owner(name, head), &head.seed, place, &record)?)
    }

    /// The answer about one version; with its value where one is given.
    pub(crate) fn bundle(
        self,
        name: &ObjectName,
        head: &Head,
        (version, fields): (Version, VersionFields),
        value: Option<SecretValue>,
    ) -> SecretBundle {
        SecretBundle {
            name: name.clone(),
            version,
            value,
            attributes: Attributes::of(&fields, self.rules.soft_delete),
            content_type: fields.content_type,
            tags: fields.tags,
            deleted: head.fields.deleted,
        }
    }

    /// The answer about an object by its current version, without the value.
    pub(crate) fn current(self, name: &ObjectName, head: &Head) -> SecretBundle {
        self.bundle(
            name,
            head,
            (head.fields.version, head.fields.current.clone()),
            None,
        )
    }
}

/// Whether a deleted object's time has come: it is gone, though its records may still be there.
pub(crate) fn is_past(head: &Head, now: Timestamp) -> bool {
    head.fields
        .deleted
        .is_some_and(|deletion| deletion.scheduled_purge_date <= now)
}

/// No such object or version.
pub(crate) fn not_found(name: &ObjectName, version: Option<Version>) -> ObjectError {
    ObjectError::SecretNotFound {
        name: name.clone(),
        version,
    }
}
