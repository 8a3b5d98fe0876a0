//! ML-DSA private keys (FIPS 204), kept as the seed they are made of. Signatures are hedged, as the library does it.

use std::fmt;

use aws_lc_rs::signature::{
    KeyPair, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm,
};
use zeroize::Zeroizing;

use super::{INCONSISTENT, random, sealed};
use crate::{
    algorithm::Algorithm,
    error::{BadKey, KeyError},
    jwk::PrivateJwk,
    key::Key,
    key_type::{KeyKind, KeyType, MlDsaSet},
    member::Member,
    private::PrivatePart,
    public::{MlDsaPublicKey, PublicKey},
    release::Recipient,
};

/// The bytes of a seed, with every parameter set.
const SEED: usize = 32;

/// The private part of an ML-DSA key.
struct MlDsaPrivate {
    set: MlDsaSet,
    seed: Zeroizing<[u8; SEED]>,
    pair: PqdsaKeyPair,
}

/// Makes a key.
pub fn generate(set: MlDsaSet) -> Result<Key, KeyError> {
    let mut seed = Zeroizing::new([0; SEED]);
    random::fill(seed.as_mut_slice())?;
    ready(set, seed)
}

/// Takes in a key that was made elsewhere, of its seed. A public key that came along must be the seed's.
pub fn import(jwk: &PrivateJwk) -> Result<Key, KeyError> {
    let set = jwk
        .parameter_set
        .ok_or(BadKey::Missing(Member::Alg, KeyKind::Akp))?;
    let seed = jwk.needed_bytes(Member::Priv)?;
    let seed: &[u8; SEED] = seed.try_into().map_err(|_| BadKey::Size(seed.len() * 8))?;
    let key = ready(set, Zeroizing::new(*seed))?;
    let PublicKey::Akp(public) = key.public() else {
        return Err(KeyError::Failed);
    };
    if jwk
        .get(Member::Pub)
        .is_none_or(|given| given == public.as_bytes())
    {
        Ok(key)
    } else {
        Err(INCONSISTENT)
    }
}

/// Reads the sealed private part of a key of that parameter set.
pub fn open(set: MlDsaSet, private: &[u8]) -> Result<Key, KeyError> {
    let seed: &[u8; SEED] = private.try_into().map_err(|_| KeyError::Damaged)?;
    ready(set, Zeroizing::new(*seed))
}

fn ready(set: MlDsaSet, seed: Zeroizing<[u8; SEED]>) -> Result<Key, KeyError> {
    let pair = PqdsaKeyPair::from_seed(signing(set), seed.as_slice()).map_err(|_| KeyError::Failed)?;
    let public = MlDsaPublicKey::new(set, pair.public_key().as_ref())?;
    Ok(Key::new(PublicKey::Akp(public), MlDsaPrivate { set, seed, pair }))
}

impl PrivatePart for MlDsaPrivate {
    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Ok(sealed::seal(KeyType::Akp(self.set), &[self.seed.as_slice()]))
    }

    fn release(&self, recipient: &Recipient) -> Result<Vec<u8>, KeyError> {
        let private = self.pair.to_pkcs8v1().map_err(|_| KeyError::Failed)?;
        recipient.seal(private.as_ref())
    }

    fn sign(&self, _algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; signing(self.set).signature_len()];
        let length = self
            .pair
            .sign(message, &mut signature)
            .map_err(|_| KeyError::Failed)?;
        signature.truncate(length);
        Ok(signature)
    }
}

impl fmt::Debug for MlDsaPrivate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MlDsaPrivate").finish_non_exhaustive()
    }
}

const fn signing(set: MlDsaSet) -> &'static PqdsaSigningAlgorithm {
    match set {
        MlDsaSet::MlDsa44 => &ML_DSA_44_SIGNING,
        MlDsaSet::MlDsa65 => &ML_DSA_65_SIGNING,
        MlDsaSet::MlDsa87 => &ML_DSA_87_SIGNING,
    }
}
