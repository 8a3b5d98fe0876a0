//! A private key on its way to an attested environment, readable there alone.
//!
//! What leaves is what PKCS#11 makes with `CKM_RSA_AES_KEY_WRAP` (PKCS#11 3.0, 6.1.19), as Azure Key Vault names it in
//! `enc` of a release: an AES-256 key that is made for it and encrypted with RSA-OAEP, and behind that the private key,
//! wrapped with the AES key (RFC 5649). An asymmetric key is in PKCS#8, a symmetric one is its bytes.

use std::{fmt, str::FromStr};

use aws_lc_rs::{
    rand,
    rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OaepAlgorithm},
};
use zeroize::Zeroizing;

use crate::{
    error::{BadKey, KeyError},
    key_type::UnknownName,
    key_wrap,
    public::RsaPublicKey,
};

/// The bytes of the AES key that is made for one release.
const AES_KEY: usize = 32;

/// How a released key is encrypted: the member `enc`. They differ in the hash of OAEP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReleaseEncryption {
    /// `CKM_RSA_AES_KEY_WRAP`: SHA-1, which OAEP needs no collision resistance of.
    #[default]
    Sha1,
    /// `RSA_AES_KEY_WRAP_256`: SHA-256.
    Sha256,
    /// `RSA_AES_KEY_WRAP_384`: SHA-384.
    Sha384,
}

impl ReleaseEncryption {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha384];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "CKM_RSA_AES_KEY_WRAP",
            Self::Sha256 => "RSA_AES_KEY_WRAP_256",
            Self::Sha384 => "RSA_AES_KEY_WRAP_384",
        }
    }

    const fn oaep(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
            Self::Sha384 => &OAEP_SHA384_MGF1SHA384,
        }
    }
}

impl FromStr for ReleaseEncryption {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let named = |encryption: &Self| encryption.name() == text;
        Self::ALL.into_iter().find(named).ok_or(UnknownName)
    }
}

/// Who a key is released to: the holder of an RSA key of 2048, 3072 or 4096 bits.
pub struct Recipient {
    key: RsaPublicKey,
    encryption: ReleaseEncryption,
}

impl Recipient {
    /// The holder of the key with that modulus and public exponent, both big-endian without leading zeros.
    ///
    /// # Errors
    /// They are no RSA key, or one of another size.
    pub fn new(modulus: &[u8], exponent: &[u8], encryption: ReleaseEncryption) -> Result<Self, BadKey> {
        let key = RsaPublicKey::new(modulus, exponent)?;
        Ok(Self { key, encryption })
    }

    /// How a key is encrypted for it.
    pub const fn encryption(&self) -> ReleaseEncryption {
        self.encryption
    }

    /// Encrypts a private key for it. For providers, who alone have one.
    ///
    /// # Errors
    /// The library fails.
    pub fn seal(&self, private: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut aes = Zeroizing::new([0; AES_KEY]);
        rand::fill(aes.as_mut_slice()).map_err(|_| KeyError::Failed)?;
        let mut sealed = self.key.encrypt_oaep(self.encryption.oaep(), aes.as_slice())?;
        let wrapped = key_wrap::wrap_padded(aes.as_slice(), private).ok_or(KeyError::Failed)?;
        sealed.extend_from_slice(&wrapped);
        Ok(sealed)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipient")
            .field("size", &self.key.size())
            .field("encryption", &self.encryption)
            .finish()
    }
}
