//! Who makes keys: this process, and later a hardware security module.

use std::fmt;

use crate::{error::KeyError, jwk::PrivateJwk, key::Key, spec::KeySpec};

/// Makes keys whose private part never leaves the provider's own type, except as the sealed form that it chose.
pub trait KeyProvider: fmt::Debug + Send + Sync {
    /// Makes a new key. That of RSA takes from milliseconds to seconds, and is not for a thread that others wait for.
    fn generate(&self, spec: KeySpec) -> Result<Key, KeyError>;

    /// Takes in a key that was made elsewhere, after checking all of it. A key that is refused leaves nothing behind.
    fn import(&self, jwk: &PrivateJwk) -> Result<Key, KeyError>;

    /// Reads what [`Key::to_bytes`] gave. Other bytes are refused or make another whole key, but never half a key; the
    /// caller authenticates what it stores.
    fn open(&self, sealed: &[u8]) -> Result<Key, KeyError>;

    /// Fills `bytes` with random ones, as good as those that keys are made of.
    fn random(&self, bytes: &mut [u8]) -> Result<(), KeyError>;
}
