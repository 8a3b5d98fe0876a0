//! What can be asked of a vault's objects, whatever their kind: Azure's operations on the life of an object.

use strongroom_core::{ObjectName, Timestamp, Version};

use super::{blob::BackupBlob, error::BadParameter, kind::Kind, limits::ObjectLimits};
use crate::format::{fields::AttributesPatch, id::Sequence, tags::Tags};

/// A question about the objects of one kind; it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadRequest {
    /// One version with its content, the latest without `version`.
    Get {
        /// The object.
        name: ObjectName,
        /// The version; none is the latest.
        version: Option<Version>,
    },
    /// The live objects with their latest attributes, without content.
    List {
        /// Which page.
        page: PageRequest,
    },
    /// The versions of one object, without content.
    ListVersions {
        /// The object.
        name: ObjectName,
        /// Which page.
        page: PageRequest,
    },
    /// The deleted objects.
    ListDeleted {
        /// Which page.
        page: PageRequest,
    },
    /// One deleted object, without its content.
    GetDeleted {
        /// The object.
        name: ObjectName,
    },
    /// All versions of an object in one sealed blob.
    Backup {
        /// The object.
        name: ObjectName,
    },
}

/// A change of an object of kind `K`.
#[derive(Debug)]
pub enum WriteRequest<K: Kind> {
    /// A new version, which becomes the latest.
    Set {
        /// The object. The spelling of its name is kept when this creates it.
        name: ObjectName,
        /// Its new content.
        content: K::Content,
        /// What the kind notes about this version.
        fields: K::Fields,
        /// The attributes given; `enabled` is true unless it says otherwise.
        attributes: AttributesPatch,
        /// The tags of this version.
        tags: Tags,
    },
    /// A new version in place of the current one, of which it takes over what was seen: nothing of that may have changed
    /// since. It keeps the tags, and is enabled.
    Replace {
        /// The object.
        name: ObjectName,
        /// What the new version was made from.
        seen: Seen<K::Object>,
        /// Its new content.
        content: K::Content,
        /// What the kind notes about the new version.
        fields: K::Fields,
        /// When the new version expires.
        expires: Option<Timestamp>,
    },
    /// Attributes, tags and fields of one version; what is not given stays.
    Update {
        /// The object.
        name: ObjectName,
        /// The version; none is the latest.
        version: Option<Version>,
        /// The fields to change.
        fields: K::Patch,
        /// The attributes to change.
        attributes: AttributesPatch,
        /// The tags that replace the old ones.
        tags: Option<Tags>,
    },
    /// What the kind notes about the object, whatever the version.
    Amend {
        /// The object.
        name: ObjectName,
        /// What is said anew of it.
        amendment: K::Amendment,
    },
    /// The object with all its versions becomes a deleted one.
    Delete {
        /// The object.
        name: ObjectName,
    },
    /// A deleted object becomes a live one again.
    Recover {
        /// The object.
        name: ObjectName,
    },
    /// A deleted object is gone for good.
    Purge {
        /// The object.
        name: ObjectName,
    },
    /// The object of a backup comes back with its versions. Policy decides by the name in the blob, which
    /// [`crate::Objects::peek_backup`] reads.
    Restore {
        /// What a backup answered.
        blob: BackupBlob,
    },
    /// What this kind alone can be asked.
    Own(K::Own),
}

/// What an object was when its next version was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<O> {
    /// The record of the current version. A new version has another, and so has one that was updated.
    pub record: Sequence,
    /// What the kind noted about the object.
    pub object: O,
}

impl<K: Kind> WriteRequest<K> {
    /// Whether the vault's objects may take more room after it. What only takes out of use, or makes room, does not count:
    /// it must always be possible.
    pub fn grows(&self) -> bool {
        match self {
            Self::Set { .. } | Self::Replace { .. } | Self::Amend { .. } | Self::Restore { .. } => true,
            Self::Update { fields, tags, .. } => {
                tags.as_ref().is_some_and(|tags| !tags.is_empty()) || K::may_grow(fields)
            }
            Self::Own(request) => K::own_grows(request),
            Self::Delete { .. } | Self::Recover { .. } | Self::Purge { .. } => false,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// At most this many items, 1 to 25; none is as many as a page may have.
    pub max_results: Option<u32>,
    /// Where the page before ended.
    pub marker: Option<Marker>,
    /// Whether objects are listed that have no complete version yet.
    pub incomplete: bool,
}

impl PageRequest {
    /// How many items the page may have.
    ///
    /// # Errors
    /// More are asked for than one may have, or none.
    pub fn size(&self, limits: &ObjectLimits) -> Result<usize, BadParameter> {
        let size = self.max_results.unwrap_or(limits.page_items);
        let accepted = if (1..=limits.page_items).contains(&size) {
            usize::try_from(size).ok()
        } else {
            None
        };
        accepted.ok_or(BadParameter::max_results(limits))
    }
}

/// Where a page ended: text of this crate's making, to be carried in the next link's skip token. Any other text is
/// refused as a bad parameter.
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
