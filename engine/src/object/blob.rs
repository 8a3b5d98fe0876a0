//! A backup as it travels: sealed bytes.

use std::fmt;

/// A sealed backup of one secret, as `BackupSecret` answers and `RestoreSecret` takes it: opaque bytes, encrypted under
/// the vault's backup key. The HTTP layer writes it as base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct BackupBlob(Box<[u8]>);

impl BackupBlob {
    /// A blob from the bytes a caller sent; they are judged when it is opened.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for BackupBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackupBlob({} bytes)", self.0.len())
    }
}
