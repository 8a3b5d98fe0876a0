//! ML-DSA public keys: verification of signatures of a message with an empty context (FIPS 204).

use aws_lc_rs::signature::{ML_DSA_44, ML_DSA_65, ML_DSA_87, ParsedPublicKey, PqdsaVerificationAlgorithm};

use crate::{
    algorithm::Algorithm,
    error::{BadKey, KeyError},
    key_type::{KeyType, MlDsaSet},
    member::Member,
};

/// An ML-DSA public key.
pub struct MlDsaPublicKey {
    set: MlDsaSet,
    bytes: Box<[u8]>,
    verifier: ParsedPublicKey,
}

impl MlDsaPublicKey {
    /// The key that is written as FIPS 204 does.
    pub fn new(set: MlDsaSet, bytes: &[u8]) -> Result<Self, BadKey> {
        // The library also takes other forms, which are longer.
        if bytes.len() > length(set) {
            return Err(BadKey::TooLong(Member::Pub));
        }
        if bytes.len() < length(set) {
            return Err(BadKey::Inconsistent);
        }
        let verifier = ParsedPublicKey::new(verification(set), bytes).map_err(|_| BadKey::Inconsistent)?;
        Ok(Self {
            set,
            bytes: bytes.into(),
            verifier,
        })
    }

    /// The parameter set.
    pub const fn set(&self) -> MlDsaSet {
        self.set
    }

    /// The public key as FIPS 204 writes it.
    pub const fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether `signature` is one of `message`.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<bool, KeyError> {
        if algorithm != Algorithm::MlDsa(self.set) {
            return Err(KeyError::Incompatible {
                algorithm,
                key: KeyType::Akp(self.set),
            });
        }
        Ok(self.verifier.verify_sig(message, signature).is_ok())
    }
}

/// The bytes of a public key (FIPS 204, table 2).
const fn length(set: MlDsaSet) -> usize {
    match set {
        MlDsaSet::MlDsa44 => 1312,
        MlDsaSet::MlDsa65 => 1952,
        MlDsaSet::MlDsa87 => 2592,
    }
}

const fn verification(set: MlDsaSet) -> &'static PqdsaVerificationAlgorithm {
    match set {
        MlDsaSet::MlDsa44 => &ML_DSA_44,
        MlDsaSet::MlDsa65 => &ML_DSA_65,
        MlDsaSet::MlDsa87 => &ML_DSA_87,
    }
}
