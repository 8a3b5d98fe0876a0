//! Types of keys: RSA, elliptic curves, octets and ML-DSA, with their sizes.
//!
//! The names are those of JWK (RFC 7518), of RFC 8812 for secp256k1 as Azure writes it (`P-256K`), and `AKP` for
//! ML-DSA. A type that ends in `-HSM` is the caller's matter: it says where a key lives, not what it is.

use std::{fmt, str::FromStr};

/// The name is none that this crate knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown name")]
pub struct UnknownName;

/// The type of a key without its size: the JWK member `kty`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// `RSA`.
    Rsa,
    /// `EC`.
    Ec,
    /// `oct`: a symmetric key.
    Oct,
    /// `AKP`: ML-DSA.
    Akp,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Rsa, Self::Ec, Self::Oct, Self::Akp];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Ec => "EC",
            Self::Oct => "oct",
            Self::Akp => "AKP",
        }
    }
}

/// The type of a key and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// RSA with a modulus of that size.
    Rsa(RsaSize),
    /// A key on that curve.
    Ec(Curve),
    /// A symmetric key of that size.
    Oct(OctSize),
    /// ML-DSA with that parameter set.
    Akp(MlDsaSet),
}

impl KeyType {
    /// The type without the size.
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Rsa(_) => KeyKind::Rsa,
            Self::Ec(_) => KeyKind::Ec,
            Self::Oct(_) => KeyKind::Oct,
            Self::Akp(_) => KeyKind::Akp,
        }
    }
}

/// Sizes of an RSA modulus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RsaSize {
    /// 2048 bits.
    Bits2048,
    /// 3072 bits.
    Bits3072,
    /// 4096 bits.
    Bits4096,
}

impl RsaSize {
    /// Every size.
    pub const ALL: [Self; 3] = [Self::Bits2048, Self::Bits3072, Self::Bits4096];

    /// The size in bits.
    pub const fn bits(self) -> usize {
        match self {
            Self::Bits2048 => 2048,
            Self::Bits3072 => 3072,
            Self::Bits4096 => 4096,
        }
    }

    /// The size in bytes, which is that of a ciphertext and of a signature.
    pub const fn bytes(self) -> usize {
        self.bits() / 8
    }

    /// The size of so many bits, if it is one.
    pub fn from_bits(bits: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.bits() == bits)
    }
}

/// Elliptic curves: the JWK member `crv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// NIST P-256.
    P256,
    /// NIST P-384.
    P384,
    /// NIST P-521.
    P521,
    /// secp256k1.
    P256K,
}

impl Curve {
    /// Every curve.
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::P256K];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::P256K => "P-256K",
        }
    }

    /// The bytes of a coordinate, of a private scalar, and of each half of a signature.
    pub const fn width(self) -> usize {
        match self {
            Self::P256 | Self::P256K => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// Sizes of a symmetric key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OctSize {
    /// 128 bits.
    Bits128,
    /// 192 bits.
    Bits192,
    /// 256 bits.
    Bits256,
}

impl OctSize {
    /// Every size.
    pub const ALL: [Self; 3] = [Self::Bits128, Self::Bits192, Self::Bits256];

    /// The size in bits.
    pub const fn bits(self) -> usize {
        match self {
            Self::Bits128 => 128,
            Self::Bits192 => 192,
            Self::Bits256 => 256,
        }
    }

    /// The size in bytes.
    pub const fn bytes(self) -> usize {
        self.bits() / 8
    }

    /// The size of so many bits, if it is one.
    pub fn from_bits(bits: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|size| size.bits() == bits)
    }
}

/// Parameter sets of ML-DSA (FIPS 204): the JWK member `alg` of an `AKP` key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MlDsaSet {
    /// ML-DSA-44.
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
}

impl MlDsaSet {
    /// Every parameter set.
    pub const ALL: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MlDsa44 => "ML-DSA-44",
            Self::MlDsa65 => "ML-DSA-65",
            Self::MlDsa87 => "ML-DSA-87",
        }
    }
}

macro_rules! named {
    ($($named:ty),*) => {$(
        impl FromStr for $named {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                Self::ALL.into_iter().find(|it| it.name() == name).ok_or(UnknownName)
            }
        }

        impl fmt::Display for $named {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    )*};
}

named!(KeyKind, Curve, MlDsaSet);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_in_no_other_case() {
        for kind in KeyKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        for curve in Curve::ALL {
            assert_eq!(curve.to_string().parse(), Ok(curve));
        }
        for set in MlDsaSet::ALL {
            assert_eq!(set.to_string().parse(), Ok(set));
        }
        for name in ["", "rsa", "RSA-HSM", "OCT", "ec"] {
            assert_eq!(name.parse::<KeyKind>(), Err(UnknownName));
        }
        assert_eq!("secp256k1".parse::<Curve>(), Err(UnknownName));
    }

    #[test]
    fn only_whole_sizes_are_sizes() {
        assert_eq!(RsaSize::from_bits(2048), Some(RsaSize::Bits2048));
        assert_eq!(OctSize::from_bits(192), Some(OctSize::Bits192));
        for bits in [0, 1024, 2047, 2049, 8192] {
            assert_eq!(RsaSize::from_bits(bits), None);
            assert_eq!(OctSize::from_bits(bits), None);
        }
    }
}
