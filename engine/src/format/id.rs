//! The identities that every record carries: of the vault, of an object, and of a place in the store.

use std::fmt;

use strongroom_core::{ObjectKind, ObjectName, Version};

/// A vault's identity: random, made at its first start, never a Kubernetes UID. Shown as a UUID.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VaultId([u8; 16]);

impl VaultId {
    /// From stored bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// A new id of these random bytes.
    pub fn random(bytes: [u8; 16]) -> Self {
        Self(*uuid::Builder::from_random_bytes(bytes).as_uuid().as_bytes())
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for VaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&uuid::Uuid::from_bytes(self.0), f)
    }
}

impl fmt::Debug for VaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A number that the vault gives out once: to an object when it is made, to a record each time it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sequence(pub u64);

/// An object's identity: a name that was purged and made again is another object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub Sequence);

/// Which object a record is of; part of everything that is authenticated about it.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The vault.
    pub vault: VaultId,
    /// The object's kind.
    pub kind: ObjectKind,
    /// The object's name.
    pub name: &'a ObjectName,
    /// The object.
    pub object: ObjectId,
}

/// The byte that stands for a kind.
pub(crate) const fn kind_byte(kind: ObjectKind) -> u8 {
    match kind {
        ObjectKind::Secrets => 1,
        ObjectKind::Keys => 2,
        ObjectKind::Certificates => 3,
    }
}

/// The kind that a byte stands for.
pub(crate) const fn kind_of_byte(byte: u8) -> Option<ObjectKind> {
    match byte {
        1 => Some(ObjectKind::Secrets),
        2 => Some(ObjectKind::Keys),
        3 => Some(ObjectKind::Certificates),
        _ => None,
    }
}

/// A version of an object, and where its record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Located {
    /// The version.
    pub version: Version,
    /// The place of its record.
    pub sequence: Sequence,
}
