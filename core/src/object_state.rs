//! What a read of an object meets: one type for the engine, the vault's protocols and their clients.

use serde::{Deserialize, Serialize};

use crate::name::Version;

/// What a read of an object, or of one version of it, meets now. The vault decides by policy before it looks, so
/// that [`Self::Forbidden`] says nothing of whether the object exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "state", content = "version")]
pub enum ObjectState {
    /// Policy allows the read, and this version answers it.
    Available(Version),
    /// Policy allows the read, and no such object or version exists.
    NotFound,
    /// Policy allows the read, and the object is deleted but recoverable.
    Deleted,
    /// Policy allows the read, and the version is disabled.
    Disabled,
    /// Policy denies the read, or no policy allows it.
    Forbidden,
}

impl ObjectState {
    /// The version that answers a read, if one does.
    pub const fn version(self) -> Option<Version> {
        match self {
            Self::Available(version) => Some(version),
            Self::NotFound | Self::Deleted | Self::Disabled | Self::Forbidden => None,
        }
    }
}
