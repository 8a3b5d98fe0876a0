//! RSA private keys (RFC 8017).

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey},
    signature::{
        KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
        RSA_PSS_SHA512, RsaKeyPair, RsaSignatureEncoding,
    },
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{INCONSISTENT, der, sealed};
use crate::{
    algorithm::Algorithm,
    error::KeyError,
    hash::Hash,
    jwk::PrivateJwk,
    key::Key,
    key_type::{KeyType, RsaSize},
    private::{Ciphertext, PrivatePart},
    public::{
        PublicKey, RsaPublicKey,
        rsa::{digest_of, oaep_of},
    },
    release::Recipient,
    spec::USUAL_EXPONENT,
};

mod components;
mod implicit_rejection;

use implicit_rejection::Pkcs1DecryptingKey;

/// The private part of an RSA key, parsed once for each use.
struct RsaPrivate {
    size: RsaSize,
    signer: RsaKeyPair,
    oaep: OaepPrivateDecryptingKey,
    pkcs1: Pkcs1DecryptingKey,
}

/// Makes a key.
pub fn generate(size: RsaSize, exponent: u64) -> Result<Key, KeyError> {
    let pair = if exponent == USUAL_EXPONENT {
        let bits = match size {
            RsaSize::Bits2048 => KeySize::Rsa2048,
            RsaSize::Bits3072 => KeySize::Rsa3072,
            RsaSize::Bits4096 => KeySize::Rsa4096,
        };
        RsaKeyPair::generate(bits).map_err(|_| KeyError::Failed)?
    } else {
        components::generate(size, exponent)?
    };
    ready(pair)
}

/// Takes in a key that was made elsewhere.
pub fn import(jwk: &PrivateJwk) -> Result<Key, KeyError> {
    components::import(jwk).and_then(ready)
}

/// Reads the sealed private part of a key of that size.
pub fn open(size: RsaSize, private: &[u8]) -> Result<Key, KeyError> {
    let pair = RsaKeyPair::from_pkcs8(private).map_err(|_| KeyError::Damaged)?;
    let written = pkcs8_of(&pair)?;
    let is_canonical = bool::from(written.as_ref().ct_eq(private));
    let key = ready(pair)?;
    if is_canonical && key.key_type() == KeyType::Rsa(size) {
        Ok(key)
    } else {
        Err(KeyError::Damaged)
    }
}

fn ready(signer: RsaKeyPair) -> Result<Key, KeyError> {
    let (n, e) = der::rsa_public_key(signer.public_key().as_ref()).ok_or(KeyError::Failed)?;
    let public = RsaPublicKey::new(n, e)?;
    let decrypting =
        PrivateDecryptingKey::from_pkcs8(pkcs8_of(&signer)?.as_ref()).map_err(|_| INCONSISTENT)?;
    let private = RsaPrivate {
        size: public.size(),
        signer,
        oaep: OaepPrivateDecryptingKey::new(decrypting).map_err(|_| KeyError::Failed)?,
        pkcs1: Pkcs1DecryptingKey::default(),
    };
    Ok(Key::new(PublicKey::Rsa(public), private))
}

/// The key in PKCS#8, which is wiped when dropped.
fn pkcs8_of(pair: &RsaKeyPair) -> Result<Pkcs8V1Der<'static>, KeyError> {
    pair.as_der().map_err(|_| KeyError::Failed)
}

impl PrivatePart for RsaPrivate {
    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let private = pkcs8_of(&self.signer)?;
        Ok(sealed::seal(KeyType::Rsa(self.size), &[private.as_ref()]))
    }

    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Ok(Zeroizing::new(pkcs8_of(&self.signer)?.as_ref().to_vec()))
    }

    fn release(&self, recipient: &Recipient) -> Result<Vec<u8>, KeyError> {
        recipient.seal(pkcs8_of(&self.signer)?.as_ref())
    }

    fn decrypt(
        &self,
        algorithm: Algorithm,
        ciphertext: Ciphertext<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let Some(oaep) = oaep_of(algorithm) else {
            return self.pkcs1.decrypt(&self.signer, ciphertext.value);
        };
        let mut plaintext = Zeroizing::new(vec![0; self.oaep.min_output_size()]);
        let length = self
            .oaep
            .decrypt(oaep, ciphertext.value, &mut plaintext, None)
            .map_err(|_| KeyError::OaepPadding)?
            .len();
        plaintext.truncate(length);
        Ok(plaintext)
    }

    fn sign(&self, algorithm: Algorithm, digest: &[u8]) -> Result<Vec<u8>, KeyError> {
        let (hash, encoding) = encoding_of(algorithm).ok_or(KeyError::Failed)?;
        let digest = digest_of(hash, digest)?;
        let mut signature = vec![0; self.size.bytes()];
        self.signer
            .sign_digest(encoding, &digest, &mut signature)
            .map_err(|_| KeyError::Failed)?;
        Ok(signature)
    }
}

impl fmt::Debug for RsaPrivate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaPrivate").finish_non_exhaustive()
    }
}

const fn encoding_of(algorithm: Algorithm) -> Option<(Hash, &'static RsaSignatureEncoding)> {
    Some(match algorithm {
        Algorithm::RsaPkcs1(Hash::Sha256) => (Hash::Sha256, &RSA_PKCS1_SHA256),
        Algorithm::RsaPkcs1(Hash::Sha384) => (Hash::Sha384, &RSA_PKCS1_SHA384),
        Algorithm::RsaPkcs1(Hash::Sha512) => (Hash::Sha512, &RSA_PKCS1_SHA512),
        Algorithm::RsaPss(Hash::Sha256) => (Hash::Sha256, &RSA_PSS_SHA256),
        Algorithm::RsaPss(Hash::Sha384) => (Hash::Sha384, &RSA_PSS_SHA384),
        Algorithm::RsaPss(Hash::Sha512) => (Hash::Sha512, &RSA_PSS_SHA512),
        _ => return None,
    })
}
