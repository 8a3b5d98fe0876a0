//! What a vault answers, as plain data: ids, links and JSON are made by the server.

use strongroom_core::{ObjectName, Timestamp, Version};

use super::{blob::BackupBlob, kind::Kind, limits::RecoveryLevel, request::Marker};
use crate::format::{
    fields::{Deletion, VersionFields},
    soft_delete::SoftDelete,
    tags::Tags,
};

/// The answer to a [`crate::ReadRequest`] or a [`crate::WriteRequest`] about objects of kind `K`.
#[derive(Debug)]
pub enum Answer<K: Kind> {
    /// Get, get deleted, set, update, delete, recover and restore: one object.
    Object(Box<Bundle<K>>),
    /// The lists: one page.
    Page(ItemPage<K>),
    /// Backup: the sealed blob.
    Backup(BackupBlob),
    /// Purge: nothing to say (204).
    Purged,
}

impl<K: Kind> PartialEq for Answer<K> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object(one), Self::Object(other)) => one == other,
            (Self::Page(one), Self::Page(other)) => one == other,
            (Self::Backup(one), Self::Backup(other)) => one == other,
            (Self::Purged, Self::Purged) => true,
            (Self::Object(_) | Self::Page(_) | Self::Backup(_) | Self::Purged, _) => false,
        }
    }
}

impl<K: Kind> Eq for Answer<K> {}

/// A version of an object. In lists it is the latest one (list, list deleted) or each one (list versions).
#[derive(Debug)]
pub struct Bundle<K: Kind> {
    /// The object, in the spelling in which it was created.
    pub name: ObjectName,
    /// The version.
    pub version: Version,
    /// The content: answered by a get, and by a set as far as the kind shows it.
    pub content: Option<K::Content>,
    /// What the kind notes about the version.
    pub fields: K::Fields,
    /// The attributes.
    pub attributes: Attributes,
    /// The tags.
    pub tags: Tags,
    /// What the kind notes about the object, whatever the version.
    pub object: K::Object,
    /// Set while the object is deleted.
    pub deleted: Option<Deletion>,
}

impl<K: Kind> PartialEq for Bundle<K> {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.version, &self.content, &self.fields)
            == (&other.name, other.version, &other.content, &other.fields)
            && (self.attributes, &self.tags, self.deleted) == (other.attributes, &other.tags, other.deleted)
            && self.object == other.object
    }
}

impl<K: Kind> Eq for Bundle<K> {}

/// Attributes, with Azure's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// Whether the version can be got.
    pub enabled: bool,
    /// `nbf`; secrets only inform of it.
    pub not_before: Option<Timestamp>,
    /// `exp`; secrets only inform of it.
    pub expires: Option<Timestamp>,
    /// When the version was made.
    pub created: Timestamp,
    /// When its attributes last changed.
    pub updated: Timestamp,
    /// `recoveryLevel`.
    pub recovery_level: RecoveryLevel,
    /// `recoverableDays`.
    pub recoverable_days: u8,
}

impl Attributes {
    /// The attributes of a version, as answered by a vault with these rules.
    pub(crate) const fn of<F>(fields: &VersionFields<F>, rules: SoftDelete) -> Self {
        Self {
            enabled: fields.enabled,
            not_before: fields.not_before,
            expires: fields.expires,
            created: fields.created,
            updated: fields.updated,
            recovery_level: RecoveryLevel::of(rules),
            recoverable_days: rules.retention_days(),
        }
    }
}

/// One page of a list. A page may be empty and still have a next one.
#[derive(Debug)]
pub struct ItemPage<K: Kind> {
    /// The items, without content.
    pub items: Vec<Bundle<K>>,
    /// Where the next page starts; none at the end.
    pub next: Option<Marker>,
}

impl<K: Kind> PartialEq for ItemPage<K> {
    fn eq(&self, other: &Self) -> bool {
        (&self.items, &self.next) == (&other.items, &other.next)
    }
}

impl<K: Kind> Eq for ItemPage<K> {}
