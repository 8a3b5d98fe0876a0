//! What a vault answers, as plain data: ids, links and JSON are the HTTP layer's.

use strongroom_core::{ObjectName, Timestamp, Version};

use crate::{
    format::{
        fields::{Deletion, VersionFields},
        tags::Tags,
        value::SecretValue,
    },
    object::{
        blob::BackupBlob,
        limits::{RecoveryLevel, SoftDelete},
        request::Marker,
    },
};

/// The answer to a [`crate::ReadRequest`] or a [`crate::WriteRequest`].
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Get, get deleted, set, update, delete, recover and restore: one secret.
    Secret(Box<SecretBundle>),
    /// The lists: one page.
    Page(ItemPage),
    /// Backup: the sealed blob.
    Backup(BackupBlob),
    /// Purge: nothing to say (204).
    Purged,
}

/// A version of a secret. In lists it is the latest one (list, list deleted) or each one (list versions).
#[derive(Debug, PartialEq, Eq)]
pub struct SecretBundle {
    /// The secret.
    pub name: ObjectName,
    /// The version.
    pub version: Version,
    /// The value: answered by get and set only.
    pub value: Option<SecretValue>,
    /// What the value is.
    pub content_type: Option<String>,
    /// The attributes.
    pub attributes: Attributes,
    /// The tags.
    pub tags: Tags,
    /// Set while the secret is deleted.
    pub deleted: Option<Deletion>,
}

/// Attributes, with Azure's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// Whether the version can be got.
    pub enabled: bool,
    /// `nbf`; informational for secrets.
    pub not_before: Option<Timestamp>,
    /// `exp`; informational for secrets.
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
    pub(crate) const fn of(fields: &VersionFields, rules: SoftDelete) -> Self {
        Self {
            enabled: fields.enabled,
            not_before: fields.not_before,
            expires: fields.expires,
            created: fields.created,
            updated: fields.updated,
            recovery_level: rules.recovery_level(),
            recoverable_days: rules.retention_days(),
        }
    }
}

/// One page of a list. A page may be empty and still have a next one.
#[derive(Debug, PartialEq, Eq)]
pub struct ItemPage {
    /// The items, without values.
    pub items: Vec<SecretBundle>,
    /// Where the next page starts; none at the end.
    pub next: Option<Marker>,
}
