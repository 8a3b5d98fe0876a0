//! RSA public keys: encryption with OAEP and PKCS#1 v1.5, verification of PKCS#1 v1.5 and PSS. RFC 8017.

use std::sync::OnceLock;

use aws_lc_rs::{
    digest::{self, Digest},
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey,
        Pkcs1PublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents,
    },
    signature::{
        ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
        RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    },
};

use crate::{
    algorithm::Algorithm,
    error::{BadKey, KeyError},
    hash::Hash,
    key_type::{KeyType, RsaSize},
    member::Member,
    spec::{is_public_exponent, is_safe_public_exponent},
};

/// The bytes that the padding of PKCS#1 v1.5 takes at least.
const PKCS1_OVERHEAD: usize = 11;

/// An RSA public key.
pub struct RsaPublicKey {
    size: RsaSize,
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
    oaep: OaepPublicEncryptingKey,
    pkcs1: Pkcs1PublicEncryptingKey,
    /// One for each padding and hash, parsed when first used.
    verifiers: Box<[OnceLock<ParsedPublicKey>; 6]>,
}

impl RsaPublicKey {
    /// A key of its modulus and public exponent, both big-endian without leading zeros.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, BadKey> {
        let size = size_of(modulus)?;
        if !number(exponent).is_some_and(is_public_exponent) {
            return Err(BadKey::PublicExponent);
        }
        let components = PublicKeyComponents {
            n: modulus,
            e: exponent,
        };
        let key: PublicEncryptingKey = components.try_into().map_err(|_| BadKey::Inconsistent)?;
        Ok(Self {
            size,
            modulus: modulus.into(),
            exponent: exponent.into(),
            oaep: OaepPublicEncryptingKey::new(key.clone()).map_err(|_| BadKey::Inconsistent)?,
            pkcs1: Pkcs1PublicEncryptingKey::new(key).map_err(|_| BadKey::Inconsistent)?,
            verifiers: Box::default(),
        })
    }

    /// The size of the modulus.
    pub const fn size(&self) -> RsaSize {
        self.size
    }

    /// The modulus, without leading zeros.
    pub const fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// Whether a vault makes or takes in a key with its public exponent.
    pub(crate) fn has_safe_exponent(&self) -> bool {
        number(&self.exponent).is_some_and(is_safe_public_exponent)
    }

    /// The public exponent, without leading zeros.
    pub const fn exponent(&self) -> &[u8] {
        &self.exponent
    }

    /// Encrypts with `RSA1_5`, `RSA-OAEP` or `RSA-OAEP-256`.
    pub fn encrypt(&self, algorithm: Algorithm, plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut encrypted = vec![0; self.size.bytes()];
        let most = self.size.bytes() - overhead(algorithm).ok_or(self.incompatible(algorithm))?;
        let length = plaintext.len();
        if length > most {
            return Err(KeyError::TooLong {
                member: Member::Value,
                length,
                algorithm,
                most,
            });
        }
        let written = match oaep_of(algorithm) {
            Some(oaep) => self.oaep.encrypt(oaep, plaintext, &mut encrypted, None),
            None => self.pkcs1.encrypt(plaintext, &mut encrypted),
        };
        let written = written.map_err(|_| KeyError::Failed)?.len();
        encrypted.truncate(written);
        Ok(encrypted)
    }

    /// Encrypts with that OAEP.
    pub(crate) fn encrypt_oaep(
        &self,
        algorithm: &'static OaepAlgorithm,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        let mut encrypted = vec![0; self.size.bytes()];
        let written = self.oaep.encrypt(algorithm, plaintext, &mut encrypted, None);
        let written = written.map_err(|_| KeyError::Failed)?.len();
        encrypted.truncate(written);
        Ok(encrypted)
    }

    /// Whether `signature` is one of `digest`.
    pub fn verify(&self, algorithm: Algorithm, digest: &[u8], signature: &[u8]) -> Result<bool, KeyError> {
        let (slot, hash, parameters) = verification(algorithm).ok_or(self.incompatible(algorithm))?;
        let digest = digest_of(hash, digest)?;
        let slot = self.verifiers.get(slot).ok_or(KeyError::Failed)?;
        let verifier = if let Some(verifier) = slot.get() {
            verifier
        } else {
            let components = PublicKeyComponents {
                n: self.modulus(),
                e: self.exponent(),
            };
            let parsed = components
                .to_parsed_public_key(parameters)
                .map_err(|_| KeyError::Failed)?;
            slot.get_or_init(|| parsed)
        };
        Ok(verifier.verify_digest_sig(&digest, signature).is_ok())
    }

    const fn incompatible(&self, algorithm: Algorithm) -> KeyError {
        KeyError::Incompatible {
            algorithm,
            key: KeyType::Rsa(self.size),
        }
    }
}

/// The size of a modulus: of its bits, not of its bytes. An even one is none.
fn size_of(modulus: &[u8]) -> Result<RsaSize, BadKey> {
    let (Some(first), Some(last)) = (modulus.first(), modulus.last()) else {
        return Err(BadKey::Size(0));
    };
    let zeros = usize::try_from(first.leading_zeros()).unwrap_or_default();
    let bits = modulus.len().saturating_mul(8).saturating_sub(zeros);
    let size = RsaSize::from_bits(bits).ok_or(BadKey::Size(bits))?;
    if last % 2 == 1 {
        Ok(size)
    } else {
        Err(BadKey::Inconsistent)
    }
}

/// A number of at most eight bytes.
fn number(bytes: &[u8]) -> Option<u64> {
    let missing = 8_usize.checked_sub(bytes.len())?;
    let mut padded = [0; 8];
    padded.get_mut(missing..)?.copy_from_slice(bytes);
    Some(u64::from_be_bytes(padded))
}

/// The OAEP of an algorithm, if it is one.
pub(crate) const fn oaep_of(algorithm: Algorithm) -> Option<&'static OaepAlgorithm> {
    match algorithm {
        Algorithm::RsaOaep => Some(&OAEP_SHA1_MGF1SHA1),
        Algorithm::RsaOaep256 => Some(&OAEP_SHA256_MGF1SHA256),
        _ => None,
    }
}

/// By how much a plaintext must be shorter than the modulus (RFC 8017, 7.1.1 and 7.2.1).
const fn overhead(algorithm: Algorithm) -> Option<usize> {
    match algorithm {
        Algorithm::Rsa15 => Some(PKCS1_OVERHEAD),
        Algorithm::RsaOaep => Some(2 * 20 + 2),
        Algorithm::RsaOaep256 => Some(2 * 32 + 2),
        _ => None,
    }
}

/// The digest as the library takes it; of the wrong length it is none.
pub(crate) fn digest_of(hash: Hash, digest: &[u8]) -> Result<Digest, KeyError> {
    let algorithm = match hash {
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    };
    Digest::import_less_safe(digest, algorithm).map_err(|_| KeyError::Failed)
}

const fn verification(algorithm: Algorithm) -> Option<(usize, Hash, &'static RsaParameters)> {
    Some(match algorithm {
        Algorithm::RsaPkcs1(Hash::Sha256) => (0, Hash::Sha256, &RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RsaPkcs1(Hash::Sha384) => (1, Hash::Sha384, &RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RsaPkcs1(Hash::Sha512) => (2, Hash::Sha512, &RSA_PKCS1_2048_8192_SHA512),
        Algorithm::RsaPss(Hash::Sha256) => (3, Hash::Sha256, &RSA_PSS_2048_8192_SHA256),
        Algorithm::RsaPss(Hash::Sha384) => (4, Hash::Sha384, &RSA_PSS_2048_8192_SHA384),
        Algorithm::RsaPss(Hash::Sha512) => (5, Hash::Sha512, &RSA_PSS_2048_8192_SHA512),
        _ => return None,
    })
}
