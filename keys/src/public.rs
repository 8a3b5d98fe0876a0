//! Public keys: their JWK members, encryption and verification. They need no provider.

use std::fmt;

use crate::{
    algorithm::Algorithm,
    error::KeyError,
    key_type::{Curve, KeyType, MlDsaSet, OctSize},
};

pub mod ec;
pub mod jwk;
pub mod mldsa;
pub mod rsa;
mod spki;

pub use self::ec::EcPublicKey;
pub use self::jwk::PublicJwk;
pub use self::mldsa::MlDsaPublicKey;
pub use self::rsa::RsaPublicKey;

/// The public part of a key, parsed and ready for use.
pub enum PublicKey {
    /// RSA.
    Rsa(RsaPublicKey),
    /// A point on a curve.
    Ec(EcPublicKey),
    /// A symmetric key has no public part but its size.
    Oct(OctSize),
    /// ML-DSA.
    Akp(MlDsaPublicKey),
}

/// The members of a public JWK, beside `kid`, `kty` and `key_ops`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicMembers<'a> {
    /// RSA; numbers without leading zeros.
    Rsa {
        /// The modulus.
        n: &'a [u8],
        /// The public exponent.
        e: &'a [u8],
    },
    /// EC; coordinates as wide as their curve.
    Ec {
        /// The curve.
        crv: Curve,
        /// The first coordinate.
        x: &'a [u8],
        /// The second coordinate.
        y: &'a [u8],
    },
    /// Nothing of a symmetric key is public but its size.
    Oct(OctSize),
    /// ML-DSA.
    Akp {
        /// The parameter set.
        alg: MlDsaSet,
        /// The public key.
        public: &'a [u8],
    },
}

impl PublicKey {
    /// The type of the key.
    pub fn key_type(&self) -> KeyType {
        match self {
            Self::Rsa(key) => KeyType::Rsa(key.size()),
            Self::Ec(key) => KeyType::Ec(key.curve()),
            Self::Oct(size) => KeyType::Oct(*size),
            Self::Akp(key) => KeyType::Akp(key.set()),
        }
    }

    /// Its members in a JWK.
    pub fn members(&self) -> PublicMembers<'_> {
        match self {
            Self::Rsa(key) => PublicMembers::Rsa {
                n: key.modulus(),
                e: key.exponent(),
            },
            Self::Ec(key) => PublicMembers::Ec {
                crv: key.curve(),
                x: key.x(),
                y: key.y(),
            },
            Self::Oct(size) => PublicMembers::Oct(*size),
            Self::Akp(key) => PublicMembers::Akp {
                alg: key.set(),
                public: key.as_bytes(),
            },
        }
    }

    /// Encrypts with an RSA key.
    pub fn encrypt(&self, algorithm: Algorithm, plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::Rsa(key) => key.encrypt(algorithm, plaintext),
            Self::Ec(_) | Self::Oct(_) | Self::Akp(_) => Err(KeyError::Incompatible {
                algorithm,
                key: self.key_type(),
            }),
        }
    }

    /// Whether `signature` is one of `digest`, or of the message itself with ML-DSA.
    pub fn verify(&self, algorithm: Algorithm, digest: &[u8], signature: &[u8]) -> Result<bool, KeyError> {
        match self {
            Self::Rsa(key) => key.verify(algorithm, digest, signature),
            Self::Ec(key) => key.verify(algorithm, digest, signature),
            Self::Akp(key) => key.verify(algorithm, digest, signature),
            Self::Oct(_) => Err(KeyError::Incompatible {
                algorithm,
                key: self.key_type(),
            }),
        }
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.key_type()).finish()
    }
}
