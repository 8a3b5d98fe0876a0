//! What a provider offers with the private part of one key.

use std::fmt;

use zeroize::Zeroizing;

use crate::{algorithm::Algorithm, error::KeyError, release::Recipient};

/// What to encrypt.
#[derive(Clone, Copy)]
pub struct Plaintext<'a> {
    /// The data, which is not to be printed.
    pub value: &'a [u8],
    /// The IV of CBC, 16 bytes; with GCM the service makes it.
    pub iv: Option<&'a [u8]>,
    /// The additional data of GCM; other algorithms pass over it.
    pub aad: Option<&'a [u8]>,
}

impl<'a> Plaintext<'a> {
    /// Data alone.
    pub const fn new(value: &'a [u8]) -> Self {
        Self {
            value,
            iv: None,
            aad: None,
        }
    }
}

impl fmt::Debug for Plaintext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plaintext")
            .field("length", &self.value.len())
            .finish_non_exhaustive()
    }
}

/// What to decrypt.
#[derive(Debug, Clone, Copy)]
pub struct Ciphertext<'a> {
    /// The encrypted data.
    pub value: &'a [u8],
    /// The IV: 12 bytes of GCM, 16 of CBC.
    pub iv: Option<&'a [u8]>,
    /// The tag of GCM, 16 bytes.
    pub tag: Option<&'a [u8]>,
    /// The additional data of GCM; other algorithms pass over it.
    pub aad: Option<&'a [u8]>,
}

impl<'a> Ciphertext<'a> {
    /// Encrypted data alone.
    pub const fn new(value: &'a [u8]) -> Self {
        Self {
            value,
            iv: None,
            tag: None,
            aad: None,
        }
    }
}

/// What was encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encrypted {
    /// The encrypted data.
    pub value: Vec<u8>,
    /// The IV that was used, with GCM and CBC.
    pub iv: Option<Vec<u8>>,
    /// The tag of GCM.
    pub tag: Option<Vec<u8>>,
}

impl Encrypted {
    /// Encrypted data alone.
    pub const fn value(value: Vec<u8>) -> Self {
        Self {
            value,
            iv: None,
            tag: None,
        }
    }

    /// It, as what to decrypt, without additional data.
    pub fn as_ciphertext(&self) -> Ciphertext<'_> {
        Ciphertext {
            value: &self.value,
            iv: self.iv.as_deref(),
            tag: self.tag.as_deref(),
            aad: None,
        }
    }
}

/// The private part of one key, in the type of the provider that made it. It is wiped when dropped, and its `Debug`
/// shows nothing of it.
///
/// [`crate::Key`] has checked what it passes on: the algorithm suits the key and serves the operation, digests have
/// their length, and data is within its bounds. What only the public part needs never comes here. A part that cannot
/// do what it is asked keeps the answer given here.
pub trait PrivatePart: fmt::Debug + Send + Sync {
    /// The form that the provider reads again: the private part itself, to be encrypted at rest, or a name for it.
    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError>;

    /// Encrypts or wraps with a symmetric key.
    fn encrypt(&self, _algorithm: Algorithm, _plaintext: Plaintext<'_>) -> Result<Encrypted, KeyError> {
        Err(KeyError::Failed)
    }

    /// Decrypts or unwraps.
    fn decrypt(
        &self,
        _algorithm: Algorithm,
        _ciphertext: Ciphertext<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Err(KeyError::Failed)
    }

    /// Signs a digest, or a message where the algorithm has no digest.
    fn sign(&self, _algorithm: Algorithm, _digest: &[u8]) -> Result<Vec<u8>, KeyError> {
        Err(KeyError::Failed)
    }

    /// The private part in PKCS#8, for who may have it. A provider whose keys do not leave it keeps the answer given here.
    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Err(KeyError::Failed)
    }

    /// Encrypts the private part itself for `recipient`. A provider whose keys do not leave it keeps the answer given here.
    fn release(&self, _recipient: &Recipient) -> Result<Vec<u8>, KeyError> {
        Err(KeyError::Failed)
    }

    /// Compares a MAC in constant time.
    fn verify(&self, _algorithm: Algorithm, _message: &[u8], _mac: &[u8]) -> Result<bool, KeyError> {
        Err(KeyError::Failed)
    }
}
