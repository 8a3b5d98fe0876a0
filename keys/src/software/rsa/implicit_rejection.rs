//! Decryption with PKCS#1 v1.5 that tells nobody whether the padding was good.
//!
//! A caller that learns it can decrypt and sign with the key by asking often enough (Bleichenbacher). So a ciphertext
//! with a bad padding has a plaintext too: bytes that depend on the key and the ciphertext alone, in length as well
//! (draft-irtf-cfrg-rsa-guidance). The library that computes it does the same work either way, and blinds it.

use std::sync::OnceLock;

use ::rsa::{BoxedUint, PrivateKey, errors::Error};
use aws_lc_rs::{encoding::AsDer, signature::RsaKeyPair};
use zeroize::Zeroizing;

use crate::{
    error::KeyError,
    software::{der, random::Random},
};

/// The key as the other library wants it, made when first used: few keys ever need it.
#[derive(Default)]
pub struct Pkcs1DecryptingKey(OnceLock<Box<PrivateKey>>);

impl Pkcs1DecryptingKey {
    /// Decrypts with the private part of `pair`, which is always the same.
    pub fn decrypt(&self, pair: &RsaKeyPair, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let key = if let Some(key) = self.0.get() {
            key
        } else {
            let made = Box::new(convert(pair).ok_or(KeyError::Failed)?);
            self.0.get_or_init(|| made)
        };
        let decrypted = key.pkcs1v15_decrypt_with_rng(&mut Random, ciphertext);
        decrypted.map(Zeroizing::new).map_err(|error| match error {
            // The ciphertext is not below the modulus, which everybody can see.
            Error::Decryption => KeyError::NotDecrypted,
            _ => KeyError::Failed,
        })
    }
}

fn convert(pair: &RsaKeyPair) -> Option<PrivateKey> {
    let pkcs8 = pair.as_der().ok()?;
    let numbers = der::rsa_private_key(der::private_key_info(pkcs8.as_ref())?.key)?;
    let [modulus, exponent, d, p, q] =
        [numbers.n, numbers.e, numbers.d, numbers.p, numbers.q].map(BoxedUint::from_be_slice_vartime);
    PrivateKey::from_components(modulus, exponent, d, vec![p, q]).ok()
}
