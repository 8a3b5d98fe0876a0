//! What to generate.

use crate::{
    error::BadKey,
    key_type::{Curve, KeyKind, KeyType, MlDsaSet, OctSize, RsaSize},
    member::Member,
};

/// The public exponent of RSA keys when nobody asks for another.
pub const USUAL_EXPONENT: u64 = 65_537;

/// Whether an RSA key may have that public exponent: odd, above 1, at most 33 bits (what the library takes).
pub const fn is_public_exponent(exponent: u64) -> bool {
    exponent > 1 && exponent % 2 == 1 && exponent < 1 << 33
}

/// Whether a vault makes or takes in an RSA key with that public exponent. 3 is none: what is encrypted or signed without
/// good padding is found out by a root. Azure's own suites ask for 17.
pub const fn is_safe_public_exponent(exponent: u64) -> bool {
    exponent > 3 && is_public_exponent(exponent)
}

/// What a request to create a key says of the key itself. Members that mean nothing for its kind are passed over, as
/// Azure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestedKey {
    /// `key_size` in bits, of RSA and oct keys.
    pub key_size: Option<usize>,
    /// `public_exponent` of RSA keys; 0 is as good as none.
    pub public_exponent: Option<u64>,
    /// `crv` of EC keys.
    pub curve: Option<Curve>,
    /// `alg` of AKP keys.
    pub parameter_set: Option<MlDsaSet>,
}

/// A key to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpec {
    key_type: KeyType,
    public_exponent: u64,
}

impl KeySpec {
    /// A key of that type; RSA with e = 65537.
    pub const fn new(key_type: KeyType) -> Self {
        Self {
            key_type,
            public_exponent: USUAL_EXPONENT,
        }
    }

    /// The key that a request asks for. Defaults: RSA of 2048 bits, EC on P-256, oct of 256 bits.
    pub fn requested(kind: KeyKind, request: &RequestedKey) -> Result<Self, BadKey> {
        let key_type = match kind {
            KeyKind::Rsa => KeyType::Rsa(match request.key_size {
                None => RsaSize::Bits2048,
                Some(bits) => RsaSize::from_bits(bits).ok_or(BadKey::Size(bits))?,
            }),
            KeyKind::Ec => KeyType::Ec(request.curve.unwrap_or(Curve::P256)),
            KeyKind::Oct => KeyType::Oct(match request.key_size {
                None => OctSize::Bits256,
                Some(bits) => OctSize::from_bits(bits).ok_or(BadKey::Size(bits))?,
            }),
            KeyKind::Akp => KeyType::Akp(
                request
                    .parameter_set
                    .ok_or(BadKey::Missing(Member::Alg, KeyKind::Akp))?,
            ),
        };
        let spec = Self::new(key_type);
        match request.public_exponent {
            Some(exponent) if exponent != 0 && kind == KeyKind::Rsa => spec.with_public_exponent(exponent),
            _ => Ok(spec),
        }
    }

    /// The same with another public exponent, which only RSA has.
    pub fn with_public_exponent(self, public_exponent: u64) -> Result<Self, BadKey> {
        let fits = matches!(self.key_type, KeyType::Rsa(_)) && is_safe_public_exponent(public_exponent);
        if fits {
            Ok(Self {
                public_exponent,
                ..self
            })
        } else {
            Err(BadKey::PublicExponent)
        }
    }

    /// The type of the key.
    pub const fn key_type(self) -> KeyType {
        self.key_type
    }

    /// The public exponent of an RSA key.
    pub const fn public_exponent(self) -> u64 {
        self.public_exponent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_sizes_gets_the_defaults() {
        let asked = |kind| KeySpec::requested(kind, &RequestedKey::default());
        assert_eq!(
            asked(KeyKind::Rsa).unwrap().key_type(),
            KeyType::Rsa(RsaSize::Bits2048)
        );
        assert_eq!(asked(KeyKind::Ec).unwrap().key_type(), KeyType::Ec(Curve::P256));
        assert_eq!(
            asked(KeyKind::Oct).unwrap().key_type(),
            KeyType::Oct(OctSize::Bits256)
        );
        assert_eq!(
            asked(KeyKind::Akp),
            Err(BadKey::Missing(Member::Alg, KeyKind::Akp))
        );
    }

    #[test]
    fn sizes_that_no_key_has_are_refused() {
        for bits in [0, 64, 1024, 2047, 8192] {
            let request = RequestedKey {
                key_size: Some(bits),
                ..RequestedKey::default()
            };
            for kind in [KeyKind::Rsa, KeyKind::Oct] {
                assert_eq!(KeySpec::requested(kind, &request), Err(BadKey::Size(bits)));
            }
            assert!(
                KeySpec::requested(KeyKind::Ec, &request).is_ok(),
                "EC keys have no size"
            );
        }
    }

    #[test]
    fn an_exponent_of_0_is_none_and_one_that_rsa_cannot_have_is_refused() {
        let asked = |exponent| {
            let request = RequestedKey {
                public_exponent: Some(exponent),
                ..RequestedKey::default()
            };
            KeySpec::requested(KeyKind::Rsa, &request).map(KeySpec::public_exponent)
        };
        assert_eq!(asked(0), Ok(USUAL_EXPONENT));
        for good in [5, 17, 65_537, (1 << 33) - 1] {
            assert_eq!(asked(good), Ok(good));
        }
        for bad in [1, 2, 3, 4, 65_536, (1 << 33) + 1] {
            assert_eq!(asked(bad), Err(BadKey::PublicExponent));
        }
    }
}
