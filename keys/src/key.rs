//! A key that is ready for use.

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

use crate::{
    algorithm::Algorithm,
    error::KeyError,
    key_type::{KeyKind, KeyType},
    key_wrap::SEMIBLOCK,
    limits,
    member::Member,
    operation::KeyOperation,
    private::{Ciphertext, Encrypted, Plaintext, PrivatePart},
    public::PublicKey,
    release::Recipient,
};

/// The bytes of a block of AES.
pub(crate) const BLOCK: usize = 16;
/// The bytes of an IV of GCM.
pub(crate) const GCM_IV: usize = 12;

/// A public and a private part that belong together, parsed and ready for use. Cheap to clone; safe to share.
///
/// Every operation checks here, before anything is computed, that the algorithm suits the key, that it serves the
/// operation, and that lengths are what they must be.
#[derive(Clone)]
pub struct Key {
    public: Arc<PublicKey>,
    private: Arc<dyn PrivatePart>,
}

impl Key {
    /// A key of parts that a provider knows to belong together.
    pub fn new(public: PublicKey, private: impl PrivatePart + 'static) -> Self {
        Self {
            public: Arc::new(public),
            private: Arc::new(private),
        }
    }

    /// Its type.
    pub fn key_type(&self) -> KeyType {
        self.public.key_type()
    }

    /// Its public part; a symmetric key has an empty one.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Its sealed form, which [`crate::KeyProvider::open`] of the same provider reads. Version, length and every
    /// field are fixed: equal keys have equal forms. What the software provider gives holds the private part.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.private.to_bytes()
    }

    /// Encrypts.
    pub fn encrypt(&self, algorithm: Algorithm, plaintext: Plaintext<'_>) -> Result<Encrypted, KeyError> {
        self.check(algorithm, KeyOperation::Encrypt)?;
        check_plaintext(algorithm, plaintext)?;
        self.conceal(algorithm, plaintext)
    }

    /// Decrypts.
    pub fn decrypt(
        &self,
        algorithm: Algorithm,
        ciphertext: Ciphertext<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.check(algorithm, KeyOperation::Decrypt)?;
        self.reveal(algorithm, ciphertext)
    }

    /// Encrypts another key.
    pub fn wrap_key(&self, algorithm: Algorithm, value: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.check(algorithm, KeyOperation::WrapKey)?;
        let plaintext = Plaintext::new(value);
        check_plaintext(algorithm, plaintext)?;
        self.conceal(algorithm, plaintext)
            .map(|encrypted| encrypted.value)
    }

    /// Decrypts another key.
    pub fn unwrap_key(&self, algorithm: Algorithm, value: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.check(algorithm, KeyOperation::UnwrapKey)?;
        self.reveal(algorithm, Ciphertext::new(value))
    }

    /// Signs `value`: a digest, or the message itself with HMAC and ML-DSA.
    pub fn sign(&self, algorithm: Algorithm, value: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.check(algorithm, KeyOperation::Sign)?;
        check_signed(algorithm, Member::Value, value)?;
        self.private.sign(algorithm, value)
    }

    /// Whether `signature` is one of `digest`, or of the message itself with HMAC and ML-DSA. A signature of another
    /// length is none.
    pub fn verify(&self, algorithm: Algorithm, digest: &[u8], signature: &[u8]) -> Result<bool, KeyError> {
        self.check(algorithm, KeyOperation::Verify)?;
        check_signed(algorithm, Member::Digest, digest)?;
        check_length(algorithm, Member::Value, signature, limits::SIGNATURE)?;
        match algorithm.kind() {
            KeyKind::Oct => self.private.verify(algorithm, digest, signature),
            KeyKind::Rsa | KeyKind::Ec | KeyKind::Akp => self.public.verify(algorithm, digest, signature),
        }
    }

    /// The private part in PKCS#8 (RFC 5958), which a symmetric key has none of. Whether it may leave the vault is decided
    /// elsewhere.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.private.to_pkcs8()
    }

    /// Encrypts the private part for `recipient`. Whether it may be released is decided elsewhere.
    pub fn release(&self, recipient: &Recipient) -> Result<Vec<u8>, KeyError> {
        self.private.release(recipient)
    }

    fn check(&self, algorithm: Algorithm, operation: KeyOperation) -> Result<(), KeyError> {
        let key = self.key_type();
        if !algorithm.suits(key) {
            return Err(KeyError::Incompatible { algorithm, key });
        }
        if !algorithm.serves(operation) {
            return Err(KeyError::WrongOperation { algorithm, operation });
        }
        Ok(())
    }

    fn conceal(&self, algorithm: Algorithm, plaintext: Plaintext<'_>) -> Result<Encrypted, KeyError> {
        match algorithm.kind() {
            KeyKind::Rsa => self
                .public
                .encrypt(algorithm, plaintext.value)
                .map(Encrypted::value),
            KeyKind::Oct | KeyKind::Ec | KeyKind::Akp => self.private.encrypt(algorithm, plaintext),
        }
    }

    fn reveal(
        &self,
        algorithm: Algorithm,
        ciphertext: Ciphertext<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        check_ciphertext(algorithm, self.key_type(), ciphertext)?;
        self.private.decrypt(algorithm, ciphertext)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("type", &self.key_type())
            .finish_non_exhaustive()
    }
}

fn check_plaintext(algorithm: Algorithm, plaintext: Plaintext<'_>) -> Result<(), KeyError> {
    let value = plaintext.value;
    match algorithm {
        Algorithm::AesGcm(_) => {
            if plaintext.iv.is_some() {
                return Err(KeyError::MadeByService {
                    member: Member::Iv,
                    algorithm,
                });
            }
            check_length(
                algorithm,
                Member::Aad,
                plaintext.aad.unwrap_or_default(),
                limits::DATA,
            )?;
        }
        Algorithm::AesCbc(_) => {
            check_exactly(algorithm, Member::Iv, plaintext.iv, BLOCK)?;
            // What is empty would come out empty, without a block.
            check_blocks(algorithm, value, 1, 1)?;
        }
        Algorithm::AesCbcPad(_) => check_exactly(algorithm, Member::Iv, plaintext.iv, BLOCK)?,
        Algorithm::AesKw(_) | Algorithm::CkmAesKeyWrap => {
            check_blocks(algorithm, value, SEMIBLOCK, 2 * SEMIBLOCK)?;
        }
        Algorithm::CkmAesKeyWrapPad => check_blocks(algorithm, value, 1, 1)?,
        // How much RSA takes, the public key knows.
        _ => {}
    }
    check_length(algorithm, Member::Value, value, limits::DATA)
}

fn check_ciphertext(algorithm: Algorithm, key: KeyType, ciphertext: Ciphertext<'_>) -> Result<(), KeyError> {
    let value = ciphertext.value;
    match algorithm {
        Algorithm::AesGcm(_) => {
            check_exactly(algorithm, Member::Iv, ciphertext.iv, GCM_IV)?;
            check_exactly(algorithm, Member::Tag, ciphertext.tag, BLOCK)?;
            check_length(
                algorithm,
                Member::Aad,
                ciphertext.aad.unwrap_or_default(),
                limits::DATA,
            )?;
        }
        Algorithm::AesCbc(_) | Algorithm::AesCbcPad(_) => {
            check_exactly(algorithm, Member::Iv, ciphertext.iv, BLOCK)?;
            check_blocks(algorithm, value, BLOCK, BLOCK)?;
        }
        Algorithm::AesKw(_) | Algorithm::CkmAesKeyWrap => {
            check_blocks(algorithm, value, SEMIBLOCK, 3 * SEMIBLOCK)?;
        }
        Algorithm::CkmAesKeyWrapPad => check_blocks(algorithm, value, SEMIBLOCK, 2 * SEMIBLOCK)?,
        _ => {}
    }
    if let KeyType::Rsa(size) = key {
        check_exactly(algorithm, Member::Value, Some(value), size.bytes())?;
    }
    check_length(algorithm, Member::Value, value, limits::DATA + BLOCK)
}

fn check_signed(algorithm: Algorithm, member: Member, signed: &[u8]) -> Result<(), KeyError> {
    match algorithm.digest_length() {
        Some(needed) => check_exactly(algorithm, member, Some(signed), needed),
        None => check_length(algorithm, member, signed, limits::DATA),
    }
}

fn check_exactly(
    algorithm: Algorithm,
    member: Member,
    bytes: Option<&[u8]>,
    needed: usize,
) -> Result<(), KeyError> {
    let length = bytes.ok_or(KeyError::Missing { member, algorithm })?.len();
    if length == needed {
        Ok(())
    } else {
        Err(KeyError::Length {
            member,
            length,
            algorithm,
            needed,
        })
    }
}

fn check_length(algorithm: Algorithm, member: Member, bytes: &[u8], most: usize) -> Result<(), KeyError> {
    let length = bytes.len();
    if length <= most {
        Ok(())
    } else {
        Err(KeyError::TooLong {
            member,
            length,
            algorithm,
            most,
        })
    }
}

fn check_blocks(algorithm: Algorithm, value: &[u8], block: usize, least: usize) -> Result<(), KeyError> {
    let length = value.len();
    if length >= least && length.is_multiple_of(block) {
        Ok(())
    } else {
        Err(KeyError::Blocks {
            member: Member::Value,
            length,
            algorithm,
            block,
            least,
        })
    }
}
