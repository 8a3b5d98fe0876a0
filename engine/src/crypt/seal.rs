//! The seal: the key that opens the vault's keyring, and lies outside the vault's volume.

use zeroize::Zeroizing;

pub mod secret_file;

pub use secret_file::SecretFile;

/// Why a seal could not wrap or unwrap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A file of the seal cannot be read.
    #[error("the seal's file {file} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: Box<str>,
        /// Why.
        reason: std::io::ErrorKind,
    },
    /// The key is not 32 bytes.
    #[error("the seal key is 32 bytes, not {0}")]
    KeyLength(usize),
    /// The id or the vault id is not what it should be.
    #[error("the seal's file {file} does not hold an id")]
    Id {
        /// The file.
        file: Box<str>,
    },
    /// The wrapped bytes were made by another key, for something else, or were altered.
    #[error("the seal key {key_id} does not open the keyring")]
    NotOpened {
        /// The key that was tried.
        key_id: Box<str>,
    },
}

/// A key outside the store that wraps the keyring.
pub trait Seal: Send + Sync {
    /// The id of the key in use: 1 to 128 printable characters.
    fn key_id(&self) -> &str;

    /// The vault that this seal was first used for, if it says so. An empty store beside such a seal is a lost
    /// store, never a new vault.
    fn used_by(&self) -> Option<&str>;

    /// Encrypts `plaintext` for a caller that gives the same `context`; `salt` is fresh random bytes.
    fn wrap(&self, context: &[u8], salt: &[u8; 32], plaintext: &[u8]) -> Result<Vec<u8>, SealError>;

    /// Undoes [`Self::wrap`].
    fn unwrap(&self, context: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError>;
}
