//! Symmetric keys: AES-GCM, AES-CBC, key wrap, HMAC.

use std::{fmt, mem};

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{self, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext, UnboundCipherKey},
    hmac,
    iv::FixedLength,
};
use zeroize::Zeroizing;

use super::{cbc, random, sealed};
use crate::{
    algorithm::Algorithm,
    error::{BadKey, KeyError},
    hash::Hash,
    jwk::PrivateJwk,
    key::{BLOCK, GCM_IV, Key},
    key_type::{KeyType, OctSize},
    key_wrap,
    member::Member,
    private::{Ciphertext, Encrypted, Plaintext, PrivatePart},
    public::PublicKey,
    release::Recipient,
};

/// A symmetric key, expanded once for each use.
struct OctPrivate {
    size: OctSize,
    bytes: Zeroizing<Vec<u8>>,
    gcm: LessSafeKey,
    cbc_encrypting: EncryptingKey,
    cbc_decrypting: DecryptingKey,
}

/// Makes a key.
pub fn generate(size: OctSize) -> Result<Key, KeyError> {
    let mut bytes = Zeroizing::new(vec![0; size.bytes()]);
    random::fill(&mut bytes)?;
    ready(size, bytes)
}

/// Takes in a key that was made elsewhere.
pub fn import(jwk: &PrivateJwk) -> Result<Key, KeyError> {
    let bytes = jwk.needed_bytes(Member::K)?;
    let bits = bytes.len() * 8;
    let size = OctSize::from_bits(bits).ok_or(BadKey::Size(bits))?;
    ready(size, Zeroizing::new(bytes.to_vec()))
}

/// Reads the sealed private part of a key of that size.
pub fn open(size: OctSize, private: &[u8]) -> Result<Key, KeyError> {
    if private.len() != size.bytes() {
        return Err(KeyError::Damaged);
    }
    ready(size, Zeroizing::new(private.to_vec()))
}

fn ready(size: OctSize, bytes: Zeroizing<Vec<u8>>) -> Result<Key, KeyError> {
    let (gcm, cbc) = match size {
        OctSize::Bits128 => (&aead::AES_128_GCM, &cipher::AES_128),
        OctSize::Bits192 => (&aead::AES_192_GCM, &cipher::AES_192),
        OctSize::Bits256 => (&aead::AES_256_GCM, &cipher::AES_256),
    };
    let expand = || UnboundCipherKey::new(cbc, &bytes);
    let private = OctPrivate {
        size,
        gcm: LessSafeKey::new(UnboundKey::new(gcm, &bytes).map_err(|_| KeyError::Failed)?),
        cbc_encrypting: expand()
            .and_then(EncryptingKey::cbc)
            .map_err(|_| KeyError::Failed)?,
        cbc_decrypting: expand()
            .and_then(DecryptingKey::cbc)
            .map_err(|_| KeyError::Failed)?,
        bytes,
    };
    Ok(Key::new(PublicKey::Oct(size), private))
}

impl OctPrivate {
    /// A random IV of 96 bits: after 2^32 encryptions under one key, two are the same once in 2^32 keys (NIST SP
    /// 800-38D, 8.3), which is what a rotation policy is for.
    fn encrypt_gcm(&self, plaintext: Plaintext<'_>) -> Result<Encrypted, KeyError> {
        let mut iv = [0; GCM_IV];
        random::fill(&mut iv)?;
        let mut value = Zeroizing::new(plaintext.value.to_vec());
        let aad = Aad::from(plaintext.aad.unwrap_or_default());
        let tag = self
            .gcm
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), aad, &mut value)
            .map_err(|_| KeyError::Failed)?;
        Ok(Encrypted {
            value: mem::take(&mut value),
            iv: Some(iv.to_vec()),
            tag: Some(tag.as_ref().to_vec()),
        })
    }

    fn decrypt_gcm(&self, ciphertext: Ciphertext<'_>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let iv = ciphertext
            .iv
            .unwrap_or_default()
            .try_into()
            .map_err(|_| KeyError::Failed)?;
        let nonce = Nonce::assume_unique_for_key(iv);
        let aad = Aad::from(ciphertext.aad.unwrap_or_default());
        let mut plaintext = Zeroizing::new(vec![0; ciphertext.value.len()]);
        self.gcm
            .open_separate_gather(
                nonce,
                aad,
                ciphertext.value,
                ciphertext.tag.unwrap_or_default(),
                &mut plaintext,
            )
            .map_err(|_| KeyError::NotDecrypted)?;
        Ok(plaintext)
    }

    fn encrypt_cbc(&self, mut filled: Zeroizing<Vec<u8>>, iv: Option<&[u8]>) -> Result<Encrypted, KeyError> {
        let iv = block(iv)?;
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        self.cbc_encrypting
            .less_safe_encrypt(&mut filled, context)
            .map_err(|_| KeyError::Failed)?;
        Ok(Encrypted {
            value: mem::take(&mut filled),
            iv: Some(iv.to_vec()),
            tag: None,
        })
    }

    fn decrypt_cbc(&self, ciphertext: Ciphertext<'_>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let context = DecryptionContext::Iv128(FixedLength::from(block(ciphertext.iv)?));
        let mut plaintext = Zeroizing::new(ciphertext.value.to_vec());
        self.cbc_decrypting
            .decrypt(&mut plaintext, context)
            .map_err(|_| KeyError::Failed)?;
        Ok(plaintext)
    }

    fn mac_key(&self, algorithm: Algorithm) -> Result<hmac::Key, KeyError> {
        let algorithm = match algorithm {
            Algorithm::Hmac(Hash::Sha256) => hmac::HMAC_SHA256,
            Algorithm::Hmac(Hash::Sha384) => hmac::HMAC_SHA384,
            Algorithm::Hmac(Hash::Sha512) => hmac::HMAC_SHA512,
            _ => return Err(KeyError::Failed),
        };
        Ok(hmac::Key::new(algorithm, &self.bytes))
    }
}

impl PrivatePart for OctPrivate {
    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Ok(sealed::seal(KeyType::Oct(self.size), &[&self.bytes]))
    }

    fn release(&self, recipient: &Recipient) -> Result<Vec<u8>, KeyError> {
        recipient.seal(&self.bytes)
    }

    fn encrypt(&self, algorithm: Algorithm, plaintext: Plaintext<'_>) -> Result<Encrypted, KeyError> {
        let value = plaintext.value;
        match algorithm {
            Algorithm::AesGcm(_) => self.encrypt_gcm(plaintext),
            Algorithm::AesCbc(_) => self.encrypt_cbc(cbc::fill_with_zeros(value), plaintext.iv),
            Algorithm::AesCbcPad(_) => self.encrypt_cbc(cbc::pad(value), plaintext.iv),
            Algorithm::AesKw(_) | Algorithm::CkmAesKeyWrap => key_wrap::wrap(&self.bytes, value)
                .map(Encrypted::value)
                .ok_or(KeyError::Failed),
            Algorithm::CkmAesKeyWrapPad => key_wrap::wrap_padded(&self.bytes, value)
                .map(Encrypted::value)
                .ok_or(KeyError::Failed),
            _ => Err(KeyError::Failed),
        }
    }

    fn decrypt(
        &self,
        algorithm: Algorithm,
        ciphertext: Ciphertext<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match algorithm {
            Algorithm::AesGcm(_) => self.decrypt_gcm(ciphertext),
            Algorithm::AesCbc(_) => self.decrypt_cbc(ciphertext),
            Algorithm::AesCbcPad(_) => {
                let mut plaintext = self.decrypt_cbc(ciphertext)?;
                let length = cbc::unpadded_length(&plaintext).ok_or(KeyError::NotDecrypted)?;
                plaintext.truncate(length);
                Ok(plaintext)
            }
            Algorithm::AesKw(_) | Algorithm::CkmAesKeyWrap => {
                key_wrap::unwrap(&self.bytes, ciphertext.value).ok_or(KeyError::NotDecrypted)
            }
            Algorithm::CkmAesKeyWrapPad => {
                key_wrap::unwrap_padded(&self.bytes, ciphertext.value).ok_or(KeyError::NotDecrypted)
            }
            _ => Err(KeyError::Failed),
        }
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mac = hmac::sign(&self.mac_key(algorithm)?, message);
        Ok(mac.as_ref().to_vec())
    }

    fn verify(&self, algorithm: Algorithm, message: &[u8], mac: &[u8]) -> Result<bool, KeyError> {
        Ok(hmac::verify(&self.mac_key(algorithm)?, message, mac).is_ok())
    }
}

impl fmt::Debug for OctPrivate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OctPrivate").finish_non_exhaustive()
    }
}

fn block(iv: Option<&[u8]>) -> Result<&[u8; BLOCK], KeyError> {
    iv.and_then(|iv| iv.try_into().ok()).ok_or(KeyError::Failed)
}
