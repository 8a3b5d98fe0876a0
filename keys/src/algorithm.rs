//! Algorithms by the names of the wire, parsed once, and which keys and operations each of them fits.

use std::{fmt, str::FromStr};

use crate::{
    hash::Hash,
    key_type::{Curve, KeyKind, KeyType, MlDsaSet, OctSize, UnknownName},
    operation::KeyOperation,
};

/// An algorithm: the member `alg` of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `RSA1_5`: encryption with the padding of PKCS#1 v1.5 (RFC 8017).
    Rsa15,
    /// `RSA-OAEP`: OAEP with SHA-1 and MGF1 with SHA-1.
    RsaOaep,
    /// `RSA-OAEP-256`: OAEP with SHA-256 and MGF1 with SHA-256.
    RsaOaep256,
    /// `A128GCM`, `A192GCM`, `A256GCM`.
    AesGcm(OctSize),
    /// `A128CBC`, `A192CBC`, `A256CBC`: zeros fill the last block, and stay there when it is decrypted.
    AesCbc(OctSize),
    /// `A128CBCPAD`, `A192CBCPAD`, `A256CBCPAD`: with the padding of PKCS#7.
    AesCbcPad(OctSize),
    /// `A128KW`, `A192KW`, `A256KW`: RFC 3394.
    AesKw(OctSize),
    /// `CKM_AES_KEY_WRAP`: RFC 3394 with a key of any size.
    CkmAesKeyWrap,
    /// `CKM_AES_KEY_WRAP_PAD`: RFC 5649 with a key of any size.
    CkmAesKeyWrapPad,
    /// `RS256`, `RS384`, `RS512`: signatures with the padding of PKCS#1 v1.5.
    RsaPkcs1(Hash),
    /// `PS256`, `PS384`, `PS512`: PSS with MGF1 of the same hash and a salt as long as the digest.
    RsaPss(Hash),
    /// `ES256`, `ES384`, `ES512`, `ES256K`: ECDSA, r then s in fixed width.
    Ecdsa(Curve),
    /// `HS256`, `HS384`, `HS512`: HMAC of the bytes given.
    Hmac(Hash),
    /// `ML-DSA-44`, `ML-DSA-65`, `ML-DSA-87`: FIPS 204, of the message, with an empty context.
    MlDsa(MlDsaSet),
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 33] = [
        Self::Rsa15,
        Self::RsaOaep,
        Self::RsaOaep256,
        Self::AesGcm(OctSize::Bits128),
        Self::AesGcm(OctSize::Bits192),
        Self::AesGcm(OctSize::Bits256),
        Self::AesCbc(OctSize::Bits128),
        Self::AesCbc(OctSize::Bits192),
        Self::AesCbc(OctSize::Bits256),
        Self::AesCbcPad(OctSize::Bits128),
        Self::AesCbcPad(OctSize::Bits192),
        Self::AesCbcPad(OctSize::Bits256),
        Self::AesKw(OctSize::Bits128),
        Self::AesKw(OctSize::Bits192),
        Self::AesKw(OctSize::Bits256),
        Self::CkmAesKeyWrap,
        Self::CkmAesKeyWrapPad,
        Self::RsaPkcs1(Hash::Sha256),
        Self::RsaPkcs1(Hash::Sha384),
        Self::RsaPkcs1(Hash::Sha512),
        Self::RsaPss(Hash::Sha256),
        Self::RsaPss(Hash::Sha384),
        Self::RsaPss(Hash::Sha512),
        Self::Ecdsa(Curve::P256),
        Self::Ecdsa(Curve::P384),
        Self::Ecdsa(Curve::P521),
        Self::Ecdsa(Curve::P256K),
        Self::Hmac(Hash::Sha256),
        Self::Hmac(Hash::Sha384),
        Self::Hmac(Hash::Sha512),
        Self::MlDsa(MlDsaSet::MlDsa44),
        Self::MlDsa(MlDsaSet::MlDsa65),
        Self::MlDsa(MlDsaSet::MlDsa87),
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa15 => "RSA1_5",
            Self::RsaOaep => "RSA-OAEP",
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::AesGcm(OctSize::Bits128) => "A128GCM",
            Self::AesGcm(OctSize::Bits192) => "A192GCM",
            Self::AesGcm(OctSize::Bits256) => "A256GCM",
            Self::AesCbc(OctSize::Bits128) => "A128CBC",
            Self::AesCbc(OctSize::Bits192) => "A192CBC",
            Self::AesCbc(OctSize::Bits256) => "A256CBC",
            Self::AesCbcPad(OctSize::Bits128) => "A128CBCPAD",
            Self::AesCbcPad(OctSize::Bits192) => "A192CBCPAD",
            Self::AesCbcPad(OctSize::Bits256) => "A256CBCPAD",
            Self::AesKw(OctSize::Bits128) => "A128KW",
            Self::AesKw(OctSize::Bits192) => "A192KW",
            Self::AesKw(OctSize::Bits256) => "A256KW",
            Self::CkmAesKeyWrap => "CKM_AES_KEY_WRAP",
            Self::CkmAesKeyWrapPad => "CKM_AES_KEY_WRAP_PAD",
            Self::RsaPkcs1(Hash::Sha256) => "RS256",
            Self::RsaPkcs1(Hash::Sha384) => "RS384",
            Self::RsaPkcs1(Hash::Sha512) => "RS512",
            Self::RsaPss(Hash::Sha256) => "PS256",
            Self::RsaPss(Hash::Sha384) => "PS384",
            Self::RsaPss(Hash::Sha512) => "PS512",
            Self::Ecdsa(Curve::P256) => "ES256",
            Self::Ecdsa(Curve::P384) => "ES384",
            Self::Ecdsa(Curve::P521) => "ES512",
            Self::Ecdsa(Curve::P256K) => "ES256K",
            Self::Hmac(Hash::Sha256) => "HS256",
            Self::Hmac(Hash::Sha384) => "HS384",
            Self::Hmac(Hash::Sha512) => "HS512",
            Self::MlDsa(set) => set.name(),
        }
    }

    /// The kind of key that it needs.
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Rsa15 | Self::RsaOaep | Self::RsaOaep256 | Self::RsaPkcs1(_) | Self::RsaPss(_) => {
                KeyKind::Rsa
            }
            Self::Ecdsa(_) => KeyKind::Ec,
            Self::AesGcm(_)
            | Self::AesCbc(_)
            | Self::AesCbcPad(_)
            | Self::AesKw(_)
            | Self::CkmAesKeyWrap
            | Self::CkmAesKeyWrapPad
            | Self::Hmac(_) => KeyKind::Oct,
            Self::MlDsa(_) => KeyKind::Akp,
        }
    }

    /// Whether a key of that type can be used with it.
    pub fn suits(self, key: KeyType) -> bool {
        match (self, key) {
            (
                Self::AesGcm(needed) | Self::AesCbc(needed) | Self::AesCbcPad(needed) | Self::AesKw(needed),
                KeyType::Oct(size),
            ) => needed == size,
            (Self::Ecdsa(needed), KeyType::Ec(curve)) => needed == curve,
            (Self::MlDsa(needed), KeyType::Akp(set)) => needed == set,
            (
                Self::Rsa15 | Self::RsaOaep | Self::RsaOaep256 | Self::RsaPkcs1(_) | Self::RsaPss(_),
                KeyType::Rsa(_),
            )
            | (Self::CkmAesKeyWrap | Self::CkmAesKeyWrapPad | Self::Hmac(_), KeyType::Oct(_)) => true,
            _ => false,
        }
    }

    /// Whether it is an algorithm of signatures.
    pub const fn signs(self) -> bool {
        matches!(
            self,
            Self::RsaPkcs1(_) | Self::RsaPss(_) | Self::Ecdsa(_) | Self::Hmac(_) | Self::MlDsa(_)
        )
    }

    /// Whether the operation can be done with it.
    pub const fn serves(self, operation: KeyOperation) -> bool {
        match operation {
            KeyOperation::Sign | KeyOperation::Verify => self.signs(),
            KeyOperation::Encrypt | KeyOperation::Decrypt => matches!(
                self,
                Self::Rsa15
                    | Self::RsaOaep
                    | Self::RsaOaep256
                    | Self::AesGcm(_)
                    | Self::AesCbc(_)
                    | Self::AesCbcPad(_)
            ),
            KeyOperation::WrapKey | KeyOperation::UnwrapKey => matches!(
                self,
                Self::Rsa15
                    | Self::RsaOaep
                    | Self::RsaOaep256
                    | Self::AesKw(_)
                    | Self::CkmAesKeyWrap
                    | Self::CkmAesKeyWrapPad
            ),
            KeyOperation::Import
            | KeyOperation::Export
            | KeyOperation::SecureWrapKey
            | KeyOperation::SecureUnwrapKey => false,
        }
    }

    /// The bytes of the digest that it signs; none where it signs a message of any length.
    pub const fn digest_length(self) -> Option<usize> {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss(hash) => Some(hash.length()),
            Self::Ecdsa(Curve::P256 | Curve::P256K) => Some(32),
            Self::Ecdsa(Curve::P384) => Some(48),
            Self::Ecdsa(Curve::P521) => Some(64),
            _ => None,
        }
    }
}

impl FromStr for Algorithm {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or(UnknownName)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::key_type::RsaSize;

    fn key_types() -> Vec<KeyType> {
        let rsa = RsaSize::ALL.map(KeyType::Rsa);
        let ec = Curve::ALL.map(KeyType::Ec);
        let oct = OctSize::ALL.map(KeyType::Oct);
        let akp = MlDsaSet::ALL.map(KeyType::Akp);
        rsa.into_iter().chain(ec).chain(oct).chain(akp).collect()
    }

    #[test]
    fn names_differ_and_are_read_as_they_are_written() {
        let mut seen = HashSet::new();
        for algorithm in Algorithm::ALL {
            assert!(seen.insert(algorithm.name()));
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        }
        for name in ["", "RSNULL", "ES256k", "ECDSA256", "A512GCM", "rs256"] {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownName));
        }
    }

    #[test]
    fn an_algorithm_suits_keys_of_its_own_kind_only_and_at_least_one() {
        for algorithm in Algorithm::ALL {
            let suited: Vec<_> = key_types()
                .into_iter()
                .filter(|key| algorithm.suits(*key))
                .collect();
            assert!(!suited.is_empty(), "{algorithm}");
            assert!(
                suited.iter().all(|key| key.kind() == algorithm.kind()),
                "{algorithm}"
            );
        }
    }

    #[test]
    fn an_algorithm_serves_both_directions_or_neither() {
        use KeyOperation::{Decrypt, Encrypt, Sign, UnwrapKey, Verify, WrapKey};
        for algorithm in Algorithm::ALL {
            for (one, other) in [(Encrypt, Decrypt), (Sign, Verify), (WrapKey, UnwrapKey)] {
                assert_eq!(algorithm.serves(one), algorithm.serves(other), "{algorithm}");
            }
            assert!(
                [Encrypt, Sign, WrapKey]
                    .into_iter()
                    .any(|it| algorithm.serves(it))
            );
            assert!(!algorithm.serves(KeyOperation::Export));
            assert!(algorithm.digest_length().is_none() || algorithm.signs());
        }
    }
}
