//! Private keys on an elliptic curve: ECDSA, r then s in fixed width (RFC 7518, 3.4).

use std::fmt;

use aws_lc_rs::{
    encoding::AsBigEndian,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair,
    },
};
use zeroize::Zeroizing;

use super::{INCONSISTENT, padded, sealed};
use crate::{
    algorithm::Algorithm,
    error::{BadKey, KeyError},
    jwk::PrivateJwk,
    key::Key,
    key_type::{Curve, KeyKind, KeyType},
    member::Member,
    private::PrivatePart,
    public::{EcPublicKey, PublicKey, ec::hash_of, rsa::digest_of},
    release::Recipient,
};

/// The private part of a key on a curve.
struct EcPrivate {
    curve: Curve,
    pair: EcdsaKeyPair,
}

/// Makes a key.
pub fn generate(curve: Curve) -> Result<Key, KeyError> {
    let pair = EcdsaKeyPair::generate(signing(curve)).map_err(|_| KeyError::Failed)?;
    let public = EcPublicKey::from_point(curve, pair.public_key().as_ref())?;
    Ok(ready(public, pair))
}

/// Takes in a key that was made elsewhere. Short coordinates and scalars are as good as ones with zeros before them.
pub fn import(jwk: &PrivateJwk) -> Result<Key, KeyError> {
    let curve = jwk.curve.ok_or(BadKey::Missing(Member::Crv, KeyKind::Ec))?;
    let wide = |member| {
        let number = jwk.needed_number(member)?;
        padded(number, curve.width()).ok_or(BadKey::TooLong(member))
    };
    let public = EcPublicKey::new(curve, &wide(Member::X)?, &wide(Member::Y)?)?;
    whole(public, &wide(Member::D)?)
}

/// Reads the sealed private part of a key on that curve.
pub fn open(curve: Curve, private: &[u8]) -> Result<Key, KeyError> {
    let (scalar, point) = private.split_at_checked(curve.width()).ok_or(KeyError::Damaged)?;
    whole(EcPublicKey::from_point(curve, point)?, scalar)
}

/// A key of both parts, if they belong together.
fn whole(public: EcPublicKey, scalar: &[u8]) -> Result<Key, KeyError> {
    let pair = EcdsaKeyPair::from_private_key_and_public_key(signing(public.curve()), scalar, public.point());
    Ok(ready(public, pair.map_err(|_| INCONSISTENT)?))
}

fn ready(public: EcPublicKey, pair: EcdsaKeyPair) -> Key {
    let private = EcPrivate {
        curve: public.curve(),
        pair,
    };
    Key::new(PublicKey::Ec(public), private)
}

impl PrivatePart for EcPrivate {
    fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let scalar = self
            .pair
            .private_key()
            .as_be_bytes()
            .map_err(|_| KeyError::Failed)?;
        let point = self.pair.public_key().as_ref();
        Ok(sealed::seal(KeyType::Ec(self.curve), &[scalar.as_ref(), point]))
    }

    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let private = self.pair.to_pkcs8v1().map_err(|_| KeyError::Failed)?;
        Ok(Zeroizing::new(private.as_ref().to_vec()))
    }

    fn release(&self, recipient: &Recipient) -> Result<Vec<u8>, KeyError> {
        let private = self.pair.to_pkcs8v1().map_err(|_| KeyError::Failed)?;
        recipient.seal(private.as_ref())
    }

    fn sign(&self, _algorithm: Algorithm, digest: &[u8]) -> Result<Vec<u8>, KeyError> {
        let digest = digest_of(hash_of(self.curve), digest)?;
        let signature = self.pair.sign_digest(&digest).map_err(|_| KeyError::Failed)?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for EcPrivate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcPrivate").finish_non_exhaustive()
    }
}

/// How the library signs with a key on that curve.
pub const fn signing(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        Curve::P256K => &ECDSA_P256K1_SHA256_FIXED_SIGNING,
    }
}
