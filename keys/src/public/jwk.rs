//! A public key as plain bytes: what is stored and shown of a key without opening it.

use super::{EcPublicKey, MlDsaPublicKey, PublicKey, PublicMembers, RsaPublicKey};
use crate::{
    error::BadKey,
    key_type::{Curve, KeyKind, KeyType, MlDsaSet, OctSize, RsaSize},
};

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

    /// The key that these members make. They are checked, since a stranger may have written them.
    ///
    /// # Errors
    /// They are no key: a size that no key has, a point that is not on the curve, coordinates of another width.
    pub fn to_key(&self) -> Result<PublicKey, BadKey> {
        match self {
            Self::Rsa { n, e } => Ok(PublicKey::Rsa(RsaPublicKey::new(n, e)?)),
            // Together they would be long enough all the same.
            Self::Ec { crv, x, .. } if x.len() != crv.width() => Err(BadKey::NotOnCurve),
            Self::Ec { crv, x, y } => Ok(PublicKey::Ec(EcPublicKey::new(*crv, x, y)?)),
            Self::Oct(size) => Ok(PublicKey::Oct(*size)),
            Self::Akp { alg, public } => Ok(PublicKey::Akp(MlDsaPublicKey::new(*alg, public)?)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{provider::KeyProvider as _, software::Software, spec::KeySpec};

    #[test]
    fn the_members_of_a_key_are_that_key_again() {
        let curves = Curve::ALL.map(KeyType::Ec);
        let sets = MlDsaSet::ALL.map(KeyType::Akp);
        let others = [KeyType::Rsa(RsaSize::Bits2048), KeyType::Oct(OctSize::Bits256)];
        for key_type in curves.into_iter().chain(sets).chain(others) {
            let key = Software.generate(KeySpec::new(key_type)).unwrap();
            let jwk = PublicJwk::from(key.public());
            assert_eq!(PublicJwk::from(&jwk.to_key().unwrap()), jwk);
        }
    }

    #[test]
    fn members_that_are_no_key_are_refused() {
        let bytes = |length| vec![1; length].into_boxed_slice();
        let ec = |x, y| PublicJwk::Ec {
            crv: Curve::P256,
            x: bytes(x),
            y: bytes(y),
        };
        for (x, y) in [(32, 32), (31, 33), (33, 31), (32, 0), (0, 0)] {
            assert!(matches!(ec(x, y).to_key(), Err(BadKey::NotOnCurve)), "{x}, {y}");
        }
        let rsa = |n, e| PublicJwk::Rsa {
            n: bytes(n),
            e: bytes(e),
        };
        assert!(matches!(rsa(255, 3).to_key(), Err(BadKey::Size(_))));
        assert!(matches!(rsa(0, 3).to_key(), Err(BadKey::Size(0))));
        let akp = |length| PublicJwk::Akp {
            alg: MlDsaSet::MlDsa44,
            public: bytes(length),
        };
        assert!(akp(1311).to_key().is_err() && akp(1313).to_key().is_err());
    }
}
