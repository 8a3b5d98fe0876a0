//! Public keys on an elliptic curve: verification of ECDSA signatures in fixed width, r then s (RFC 7518, 3.4).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256K1_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    EcdsaVerificationAlgorithm, ParsedPublicKey,
};

use crate::{
    algorithm::Algorithm,
    error::{BadKey, KeyError},
    hash::Hash,
    key_type::{Curve, KeyType},
    public::rsa::digest_of,
};

/// The first byte of a point that is not compressed (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A point on a curve, never the one at infinity.
pub struct EcPublicKey {
    curve: Curve,
    /// [`UNCOMPRESSED`], x, y.
    point: Box<[u8]>,
    verifier: ParsedPublicKey,
}

impl EcPublicKey {
    /// The point of two coordinates, each as wide as the curve.
    pub fn new(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, BadKey> {
        let mut point = Vec::with_capacity(1 + x.len() + y.len());
        point.push(UNCOMPRESSED);
        point.extend_from_slice(x);
        point.extend_from_slice(y);
        Self::from_point(curve, &point)
    }

    /// The point that is written uncompressed.
    pub fn from_point(curve: Curve, point: &[u8]) -> Result<Self, BadKey> {
        let is_whole = point.first() == Some(&UNCOMPRESSED) && point.len() == 1 + 2 * curve.width();
        if !is_whole {
            return Err(BadKey::NotOnCurve);
        }
        let verifier = ParsedPublicKey::new(verification(curve), point).map_err(|_| BadKey::NotOnCurve)?;
        Ok(Self {
            curve,
            point: point.into(),
            verifier,
        })
    }

    /// The curve.
    pub const fn curve(&self) -> Curve {
        self.curve
    }

    /// The point, uncompressed.
    pub const fn point(&self) -> &[u8] {
        &self.point
    }

    /// The first coordinate, as wide as the curve.
    pub fn x(&self) -> &[u8] {
        self.point.get(1..=self.curve.width()).unwrap_or_default()
    }

    /// The second coordinate, as wide as the curve.
    pub fn y(&self) -> &[u8] {
        self.point.get(1 + self.curve.width()..).unwrap_or_default()
    }

    /// Whether `signature` is one of `digest`.
    pub fn verify(&self, algorithm: Algorithm, digest: &[u8], signature: &[u8]) -> Result<bool, KeyError> {
        if algorithm != Algorithm::Ecdsa(self.curve) {
            return Err(KeyError::Incompatible {
                algorithm,
                key: KeyType::Ec(self.curve),
            });
        }
        let digest = digest_of(hash_of(self.curve), digest)?;
        Ok(self.verifier.verify_digest_sig(&digest, signature).is_ok())
    }
}

/// The hash function that signatures on a curve are made with (RFC 7518, 3.4; RFC 8812, 3.2).
pub(crate) const fn hash_of(curve: Curve) -> Hash {
    match curve {
        Curve::P256 | Curve::P256K => Hash::Sha256,
        Curve::P384 => Hash::Sha384,
        Curve::P521 => Hash::Sha512,
    }
}

const fn verification(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
        Curve::P521 => &ECDSA_P521_SHA512_FIXED,
        Curve::P256K => &ECDSA_P256K1_SHA256_FIXED,
    }
}
