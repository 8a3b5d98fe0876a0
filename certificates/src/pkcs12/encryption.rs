//! Encryption with a password: PKCS#12's own (RFC 7292, C), and PBES2 (RFC 8018, 6.2).
//!
//! AES and PBKDF2 are aws-lc-rs'. It has no RC2, and has 3DES only with a feature that binds all of AWS-LC: these are of
//! `RustCrypto`.

use aws_lc_rs::{
    cipher::{
        AES_128, AES_128_KEY_LEN, AES_192, AES_192_KEY_LEN, AES_256, AES_256_KEY_LEN,
        Algorithm as AesAlgorithm, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
        PaddedBlockEncryptingKey, UnboundCipherKey,
    },
    digest::SHA1_FOR_LEGACY_USE_ONLY as SHA1,
    iv::FixedLength,
};
use cbc::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit,
    block_padding::Pkcs7,
};
use der::asn1::{ObjectIdentifier, OctetStringRef};
use des::{TdesEde2, TdesEde3};
use rc2::Rc2;
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::{
    Pkcs12Error,
    derivation::{self, Purpose, derive, parameters, pbkdf2},
    password::Password,
    structure::{PbeParameters, Pbes2Parameters},
    work::Work,
};

/// PKCS#12's encryption with 3DES and three keys.
pub(super) const PBE_TRIPLE_DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const PBE_TRIPLE_DES_TWO_KEYS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4");
const PBE_RC2_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
const PBE_RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");

/// PBES2.
pub(super) const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const TRIPLE_DES_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.3.7");
const AES_128_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2");
const AES_192_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.22");
/// AES with keys of 256 bits, in CBC mode.
pub(super) const AES_256_CBC: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42");

/// The initialisation vector of a cipher with blocks of 64 bits.
const SHORT_VECTOR: usize = 8;
/// That of AES.
const AES_VECTOR: usize = 16;

/// A cipher in CBC mode with the padding of PKCS#7.
#[derive(Clone, Copy)]
enum Cipher {
    TripleDes,
    TripleDesTwoKeys,
    /// With a key of that many bytes, all of whose bits count.
    Rc2(usize),
    /// With a key of that many bytes.
    Aes(&'static AesAlgorithm, usize),
}

/// A cipher with what a password makes of it.
pub(super) struct Encryption {
    cipher: Cipher,
    key: Zeroizing<Vec<u8>>,
    vector: Zeroizing<Vec<u8>>,
}

impl Encryption {
    /// What the identifier of an algorithm says, for that password. What it costs is taken from the work that is left.
    pub(super) fn new(
        algorithm: &AlgorithmIdentifierRef<'_>,
        password: Password<'_>,
        work: &mut Work,
    ) -> Result<Self, Pkcs12Error> {
        let cipher = match algorithm.oid {
            PBES2 => return Self::pbes2(algorithm, password, work),
            PBE_TRIPLE_DES => Cipher::TripleDes,
            PBE_TRIPLE_DES_TWO_KEYS => Cipher::TripleDesTwoKeys,
            PBE_RC2_128 => Cipher::Rc2(16),
            PBE_RC2_40 => Cipher::Rc2(5),
            other => return Err(Pkcs12Error::Unsupported(other)),
        };
        let parameters: PbeParameters<'_> = parameters(algorithm)?;
        let (salt, rounds) = (parameters.salt.as_bytes(), parameters.iterations);
        let mut bytes = |purpose, length| {
            work.take(rounds, length, SHA1.output_len(), 1)?;
            Ok::<_, Pkcs12Error>(derive(&SHA1, purpose, password, salt, rounds, length))
        };
        Ok(Self {
            cipher,
            key: bytes(Purpose::Encryption, cipher.key_length())?,
            vector: bytes(Purpose::InitialVector, SHORT_VECTOR)?,
        })
    }

    fn pbes2(
        algorithm: &AlgorithmIdentifierRef<'_>,
        password: Password<'_>,
        work: &mut Work,
    ) -> Result<Self, Pkcs12Error> {
        let parameters: Pbes2Parameters<'_> = parameters(algorithm)?;
        let cipher = match parameters.cipher.oid {
            AES_128_CBC => Cipher::Aes(&AES_128, AES_128_KEY_LEN),
            AES_192_CBC => Cipher::Aes(&AES_192, AES_192_KEY_LEN),
            AES_256_CBC => Cipher::Aes(&AES_256, AES_256_KEY_LEN),
            TRIPLE_DES_CBC => Cipher::TripleDes,
            other => return Err(Pkcs12Error::Unsupported(other)),
        };
        let vector: &OctetStringRef = derivation::parameters(&parameters.cipher)?;
        Ok(Self {
            cipher,
            key: pbkdf2(&parameters.derivation, password, cipher.key_length(), work)?,
            vector: Zeroizing::new(vector.as_bytes().to_vec()),
        })
    }

    /// What was encrypted. That the padding is wrong means that the password is, or that the file is damaged.
    pub(super) fn decrypt(&self, data: &[u8]) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        match self.cipher {
            Cipher::TripleDes => self.decrypt_with::<TdesEde3>(data),
            Cipher::TripleDesTwoKeys => self.decrypt_with::<TdesEde2>(data),
            Cipher::Rc2(_) => self.decrypt_with::<Rc2>(data),
            Cipher::Aes(algorithm, _) => self.decrypt_aes(algorithm, data),
        }
    }

    /// Encrypts. What comes of it is wiped as well: a password that everybody knows protects nothing.
    pub(super) fn encrypt(&self, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self.cipher {
            Cipher::TripleDes => self.encrypt_with::<TdesEde3>(data),
            Cipher::TripleDesTwoKeys => self.encrypt_with::<TdesEde2>(data),
            Cipher::Rc2(_) => self.encrypt_with::<Rc2>(data),
            Cipher::Aes(algorithm, _) => self.encrypt_aes(algorithm, data),
        }
    }

    fn decrypt_with<C: BlockCipherDecrypt + KeyInit>(
        &self,
        data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        let decryptor = cbc::Decryptor::<C>::new_from_slices(&self.key, &self.vector)
            .map_err(|_| Pkcs12Error::Malformed)?;
        let mut bytes = Zeroizing::new(data.to_vec());
        let length = decryptor
            .decrypt_padded::<Pkcs7>(&mut bytes)
            .map_err(|_| Pkcs12Error::WrongPassword)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }

    fn encrypt_with<C: BlockCipherEncrypt + KeyInit>(&self, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let encryptor = cbc::Encryptor::<C>::new_from_slices(&self.key, &self.vector).ok()?;
        Some(Zeroizing::new(encryptor.encrypt_padded_vec::<Pkcs7>(data)))
    }

    fn decrypt_aes(
        &self,
        aes: &'static AesAlgorithm,
        data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        let vector = self.aes_vector().ok_or(Pkcs12Error::Malformed)?;
        let key = UnboundCipherKey::new(aes, &self.key)
            .and_then(PaddedBlockDecryptingKey::cbc_pkcs7)
            .map_err(|_| Pkcs12Error::Malformed)?;
        let mut bytes = Zeroizing::new(data.to_vec());
        let length = key
            .decrypt(&mut bytes, DecryptionContext::Iv128(vector))
            .map_err(|_| Pkcs12Error::WrongPassword)?
            .len();
        bytes.truncate(length);
        Ok(bytes)
    }

    fn encrypt_aes(&self, aes: &'static AesAlgorithm, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let key = UnboundCipherKey::new(aes, &self.key)
            .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
            .ok()?;
        // With room for the padding, since a vector that grows leaves a copy.
        let mut bytes = Zeroizing::new(Vec::with_capacity(data.len() + AES_VECTOR));
        bytes.extend(data);
        let context = EncryptionContext::Iv128(self.aes_vector()?);
        key.less_safe_encrypt(&mut *bytes, context).ok()?;
        Some(bytes)
    }

    fn aes_vector(&self) -> Option<FixedLength<AES_VECTOR>> {
        let vector = <[u8; AES_VECTOR]>::try_from(self.vector.as_slice()).ok()?;
        Some(FixedLength::from(vector))
    }
}

impl Cipher {
    fn key_length(self) -> usize {
        match self {
            Self::TripleDes => 24,
            Self::TripleDesTwoKeys => 16,
            Self::Rc2(length) | Self::Aes(_, length) => length,
        }
    }
}
