//! Private keys in DER, as files hold them, read into the members of a JWK.
//!
//! | form | label of its PEM | source |
//! |---|---|---|
//! | PKCS#8, of RSA, EC and ML-DSA keys | `PRIVATE KEY` | RFC 5958, 2; RFC 9881, 6 |
//! | PKCS#1, of RSA keys | `RSA PRIVATE KEY` | RFC 8017, A.1.2 |
//! | SEC 1, of EC keys | `EC PRIVATE KEY` | RFC 5915, 3 |
//!
//! The members are believed no more than those of a JWK: [`crate::KeyProvider::import`] checks both alike.

use std::fmt;

use aws_lc_rs::{
    encoding::AsBigEndian,
    signature::{EcdsaKeyPair, KeyPair},
};
use zeroize::Zeroizing;

use super::{
    der::{self, MlDsaPrivateKey, PrivateKeyInfo},
    ec,
};
use crate::{
    jwk::PrivateJwk,
    key_type::{Curve, KeyKind, MlDsaSet},
    member::Member,
    object_identifier as oid,
};

/// A private key in DER, by its form.
#[derive(Clone, Copy)]
pub enum PrivateKeyDer<'a> {
    /// PKCS#8, which names the algorithm.
    Pkcs8(&'a [u8]),
    /// PKCS#1, of RSA.
    Pkcs1(&'a [u8]),
    /// SEC 1, of elliptic curves.
    Sec1(&'a [u8]),
}

/// Why DER is no private key that a vault takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrivateKeyDerError {
    /// It is not of that form.
    #[error("the private key is not the DER that it should be")]
    Malformed,
    /// It is of another algorithm.
    #[error("the private key is of the algorithm {0}, and not of RSA, EC or ML-DSA")]
    Algorithm(String),
    /// It is on another curve, or on one that it describes and does not name.
    #[error("the private key is on {0}, and not on the curve P-256, P-384, P-521 or P-256K by its name")]
    Curve(String),
    /// The number is none of its curve, or the public key is that of another.
    #[error("the private key does not fit its curve or its public key")]
    Scalar,
    /// ML-DSA without the seed, of which a vault makes the key.
    #[error("the private key is of ML-DSA without its seed, from which a vault makes the key")]
    NoSeed,
}

impl PrivateKeyDer<'_> {
    /// The members of the key.
    pub fn to_jwk(self) -> Result<PrivateJwk, PrivateKeyDerError> {
        match self {
            Self::Pkcs1(bytes) => rsa(bytes),
            Self::Sec1(bytes) => {
                let parameters = der::ec_parameters(bytes).ok_or(PrivateKeyDerError::Malformed)?;
                ec(curve(parameters)?, bytes)
            }
            Self::Pkcs8(bytes) => {
                let info = der::private_key_info(bytes).ok_or(PrivateKeyDerError::Malformed)?;
                match info.algorithm {
                    oid::RSA_ENCRYPTION => rsa(info.key),
                    oid::EC_PUBLIC_KEY => ec(curve(info.parameters)?, bytes),
                    _ => ml_dsa(&info),
                }
            }
        }
    }
}

impl fmt::Debug for PrivateKeyDer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pkcs8(_) => "Pkcs8",
            Self::Pkcs1(_) => "Pkcs1",
            Self::Sec1(_) => "Sec1",
        })
    }
}

fn rsa(pkcs1: &[u8]) -> Result<PrivateJwk, PrivateKeyDerError> {
    let numbers = der::rsa_private_key(pkcs1).ok_or(PrivateKeyDerError::Malformed)?;
    let mut jwk = PrivateJwk::new(KeyKind::Rsa);
    for (member, number) in [
        (Member::N, numbers.n),
        (Member::E, numbers.e),
        (Member::D, numbers.d),
        (Member::P, numbers.p),
        (Member::Q, numbers.q),
        (Member::Dp, numbers.dp),
        (Member::Dq, numbers.dq),
        (Member::Qi, numbers.qi),
    ] {
        set(&mut jwk, member, number);
    }
    Ok(jwk)
}

/// The library computes the public key, which need not be in the file.
fn ec(curve: Curve, bytes: &[u8]) -> Result<PrivateJwk, PrivateKeyDerError> {
    let pair = EcdsaKeyPair::from_private_key_der(ec::signing(curve), bytes)
        .map_err(|_| PrivateKeyDerError::Scalar)?;
    let scalar = pair
        .private_key()
        .as_be_bytes()
        .map_err(|_| PrivateKeyDerError::Scalar)?;
    // A point is its tag and two coordinates (SEC 1, 2.3.3).
    let coordinates = pair.public_key().as_ref().get(1..).unwrap_or_default();
    let (x, y) = coordinates
        .split_at_checked(curve.width())
        .ok_or(PrivateKeyDerError::Scalar)?;
    let mut jwk = PrivateJwk::new(KeyKind::Ec);
    jwk.curve = Some(curve);
    set(&mut jwk, Member::X, x);
    set(&mut jwk, Member::Y, y);
    set(&mut jwk, Member::D, scalar.as_ref());
    Ok(jwk)
}

/// The curve that the parameters name; nothing names none.
fn curve(parameters: &[u8]) -> Result<Curve, PrivateKeyDerError> {
    let Some(identifier) = der::object_identifier(parameters) else {
        return Err(PrivateKeyDerError::Curve("a curve without a name".to_owned()));
    };
    Curve::ALL
        .into_iter()
        .find(|curve| oid::of_curve(*curve) == identifier)
        .ok_or_else(|| PrivateKeyDerError::Curve(format!("the curve {}", oid::shown(identifier))))
}

fn ml_dsa(info: &PrivateKeyInfo<'_>) -> Result<PrivateJwk, PrivateKeyDerError> {
    let set_of_key = MlDsaSet::ALL
        .into_iter()
        .find(|set| oid::of_parameter_set(*set) == info.algorithm)
        .ok_or_else(|| PrivateKeyDerError::Algorithm(oid::shown(info.algorithm)))?;
    let key = der::ml_dsa_private_key(info.key).ok_or(PrivateKeyDerError::Malformed)?;
    let MlDsaPrivateKey::Seed(seed) = key else {
        return Err(PrivateKeyDerError::NoSeed);
    };
    let mut jwk = PrivateJwk::new(KeyKind::Akp);
    jwk.parameter_set = Some(set_of_key);
    set(&mut jwk, Member::Priv, seed);
    Ok(jwk)
}

fn set(jwk: &mut PrivateJwk, member: Member, bytes: &[u8]) {
    jwk.set(member, Zeroizing::new(bytes.to_vec()));
}
