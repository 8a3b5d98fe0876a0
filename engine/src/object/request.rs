//! What can be asked of a vault's objects: Azure's twelve secrets operations.

use strongroom_core::{ObjectName, Version};

use crate::{
    format::{fields::AttributesPatch, tags::Tags, value::SecretValue},
    object::blob::BackupBlob,
};

/// A question; it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadRequest {
    /// `GetSecret`: one version with its value, the latest without `version`.
    Get {
        /// The secret.
        name: ObjectName,
        /// The version; none is the latest.
        version: Option<Version>,
    },
    /// `GetSecrets`: the live secrets with their latest attributes, without values.
    List {
        /// Which page.
        page: PageRequest,
    },
    /// `GetSecretVersions`: the versions of one secret, without values.
    ListVersions {
        /// The secret.
        name: ObjectName,
        /// Which page.
        page: PageRequest,
    },
    /// `GetDeletedSecrets`: the deleted secrets.
    ListDeleted {
        /// Which page.
        page: PageRequest,
    },
    /// `GetDeletedSecret`: one deleted secret, without its value.
    GetDeleted {
        /// The secret.
        name: ObjectName,
    },
    /// `BackupSecret`: all versions in one sealed blob.
    Backup {
        /// The secret.
        name: ObjectName,
    },
}

/// A change.
#[derive(Debug)]
pub enum WriteRequest {
    /// `SetSecret`: a new version, which becomes the latest.
    Set {
        /// The secret.
        name: ObjectName,
        /// Its new value.
        value: SecretValue,
        /// What the value is, in the owner's words.
        content_type: Option<String>,
        /// The attributes given; `enabled` is true unless it says otherwise.
        attributes: AttributesPatch,
        /// The tags of this version.
        tags: Tags,
    },
    /// `UpdateSecret`: attributes, tags and content type of one version; what is none stays as it is.
    Update {
        /// The secret.
        name: ObjectName,
        /// The version; none is the latest.
        version: Option<Version>,
        /// The new content type.
        content_type: Option<String>,
        /// The attributes to change.
        attributes: AttributesPatch,
        /// The tags that replace the old ones.
        tags: Option<Tags>,
    },
    /// `DeleteSecret`: the secret with all its versions becomes a deleted one.
    Delete {
        /// The secret.
        name: ObjectName,
    },
    /// `RecoverDeletedSecret`: a deleted secret becomes a live one again.
    Recover {
        /// The secret.
        name: ObjectName,
    },
    /// `PurgeDeletedSecret`: a deleted secret is gone for good.
    Purge {
        /// The secret.
        name: ObjectName,
    },
    /// `RestoreSecret`: the secret of a backup comes back with its versions. Policy decides by the blob's name, which
    /// [`crate::Objects::peek_backup`] tells.
    Restore {
        /// What a backup answered.
        blob: BackupBlob,
    },
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// At most this many items, 1 to 25; none is as many as a page may have.
    pub max_results: Option<u32>,
    /// Where the page before ended.
    pub marker: Option<Marker>,
}

/// Where a page ended: text of this crate's making, to be carried in the next link's skip token. Whatever else is
/// in it is refused as a bad parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker(pub(crate) String);

impl Marker {
    /// A marker from the text of a skip token.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
