//! A public key as plain bytes: what is stored and shown of a key without opening it.

use super::{PublicKey, PublicMembers};
use crate::key_type::{Curve, KeyKind, KeyType, MlDsaSet, OctSize, RsaSize};

/// The members of a public JWK, beside `kid`, `kty` and `key_ops`, on their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicJwk {
    /// RSA; numbers without leading zeros.
    Rsa {
        /// The modulus.
        n: Box<[u8]>,
        /// The public exponent.
        e: Box<[u8]>,
    },
    /// EC; coordinates as wide as their curve.
    Ec {
        /// The curve.
        crv: Curve,
        /// The first coordinate.
        x: Box<[u8]>,
        /// The second coordinate.
        y: Box<[u8]>,
    },
    /// Nothing of a symmetric key is public but its size.
    Oct(OctSize),
    /// ML-DSA.
    Akp {
        /// The parameter set.
        alg: MlDsaSet,
        /// The public key.
        public: Box<[u8]>,
    },
}

impl PublicJwk {
    /// The kind of key.
    pub const fn kind(&self) -> KeyKind {
        match self {
            Self::Rsa { .. } => KeyKind::Rsa,
            Self::Ec { .. } => KeyKind::Ec,
            Self::Oct(_) => KeyKind::Oct,
            Self::Akp { .. } => KeyKind::Akp,
        }
    }

    /// The type of key; none for an RSA modulus of a size that no key has.
    pub fn key_type(&self) -> Option<KeyType> {
        match self {
            Self::Rsa { n, .. } => RsaSize::from_bits(n.len() * 8).map(KeyType::Rsa),
            Self::Ec { crv, .. } => Some(KeyType::Ec(*crv)),
            Self::Oct(size) => Some(KeyType::Oct(*size)),
            Self::Akp { alg, .. } => Some(KeyType::Akp(*alg)),
        }
    }
}

impl From<&PublicKey> for PublicJwk {
    fn from(key: &PublicKey) -> Self {
        match key.members() {
            PublicMembers::Rsa { n, e } => Self::Rsa {
                n: n.into(),
                e: e.into(),
            },
            PublicMembers::Ec { crv, x, y } => Self::Ec {
                crv,
                x: x.into(),
                y: y.into(),
            },
            PublicMembers::Akp { alg, public } => Self::Akp {
                alg,
                public: public.into(),
            },
            PublicMembers::Oct(size) => Self::Oct(size),
        }
    }
}
