//! The provider that computes in this process.
//!
//! A sealed form is `version (1) | type (1) | the private part`. The type names kind and size, and so the length of
//! what follows, except with RSA:
//!
//! | type | private part |
//! |---|---|
//! | 0x11, 0x12, 0x13: RSA of 2048, 3072, 4096 bits | PKCS#8 (RFC 5208) in DER |
//! | 0x21, 0x22, 0x23, 0x24: P-256, P-384, P-521, P-256K | scalar, then the uncompressed point |
//! | 0x31, 0x32, 0x33: oct of 128, 192, 256 bits | the key |
//! | 0x41, 0x42, 0x43: ML-DSA-44, -65, -87 | the seed of 32 bytes |

use zeroize::Zeroizing;

use crate::{
    error::{BadKey, KeyError},
    jwk::PrivateJwk,
    key::Key,
    key_type::{KeyKind, KeyType},
    limits,
    provider::KeyProvider,
    spec::KeySpec,
};

mod cbc;
mod der;
mod ec;
mod mldsa;
mod oct;
pub mod private_key_der;
mod random;
mod rsa;
mod sealed;

/// Keys in the memory of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Software;

impl KeyProvider for Software {
    fn generate(&self, spec: KeySpec) -> Result<Key, KeyError> {
        match spec.key_type() {
            KeyType::Rsa(size) => rsa::generate(size, spec.public_exponent()),
            KeyType::Ec(curve) => ec::generate(curve),
            KeyType::Oct(size) => oct::generate(size),
            KeyType::Akp(set) => mldsa::generate(set),
        }
    }

    fn import(&self, jwk: &PrivateJwk) -> Result<Key, KeyError> {
        jwk.check_members()?;
        match jwk.kind {
            KeyKind::Rsa => rsa::import(jwk),
            KeyKind::Ec => ec::import(jwk),
            KeyKind::Oct => oct::import(jwk),
            KeyKind::Akp => mldsa::import(jwk),
        }
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), KeyError> {
        random::fill(bytes)
    }

    fn open(&self, bytes: &[u8]) -> Result<Key, KeyError> {
        if bytes.len() > limits::SEALED {
            return Err(KeyError::Damaged);
        }
        let (key_type, private) = sealed::open(bytes).ok_or(KeyError::Damaged)?;
        let opened = match key_type {
            KeyType::Rsa(size) => rsa::open(size, private),
            KeyType::Ec(curve) => ec::open(curve, private),
            KeyType::Oct(size) => oct::open(size, private),
            KeyType::Akp(set) => mldsa::open(set, private),
        };
        opened.map_err(|error| match error {
            KeyError::Failed => KeyError::Failed,
            _ => KeyError::Damaged,
        })
    }
}

/// `number`, which has no leading zeros, with as many before it as make it so wide.
fn padded(number: &[u8], width: usize) -> Option<Zeroizing<Vec<u8>>> {
    let zeros = width.checked_sub(number.len())?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(width));
    bytes.resize(zeros, 0);
    bytes.extend_from_slice(number);
    Some(bytes)
}

/// The library rejected a key although each of its members looked well.
const INCONSISTENT: KeyError = KeyError::BadKey(BadKey::Inconsistent);
