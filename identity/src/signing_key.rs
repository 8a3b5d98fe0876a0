//! The replica's signing key: made in memory at start, never stored.

use std::fmt;

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use strongroom_wire::token::{Claims, TYPE};

/// Why a token cannot be signed, or the key not be made.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The library failed.
    #[error("the signing key cannot be made or used")]
    Key(#[from] aws_lc_rs::error::Unspecified),
    /// The public key is not an uncompressed point.
    #[error("the signing key's public half has an unknown form")]
    PublicKey,
    /// The claims cannot be written.
    #[error("the claims cannot be written: {0}")]
    Claims(#[from] serde_json::Error),
}

/// A P-256 key pair and its id.
pub(crate) struct SigningKey {
    pair: EcdsaKeyPair,
    jwk: PublicJwk,
    /// The token's first part: header and dot.
    prefix: String,
}

/// The public half (RFC 7518, section 6.2), with the thumbprint of RFC 7638 as its id.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PublicJwk {
    kty: &'static str,
    crv: &'static str,
    x: String,
    y: String,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    kid: String,
}

impl SigningKey {
    /// A new key.
    pub(crate) fn generate() -> Result<Self, SigningError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let jwk = public_jwk(pair.public_key().as_ref()).ok_or(SigningError::PublicKey)?;
        let header = format!(r#"{{"typ":"{TYPE}","alg":"ES256","kid":"{}"}}"#, jwk.kid);
        let prefix = format!("{}.", BASE64_URL_SAFE_NO_PAD.encode(header));
        Ok(Self { pair, jwk, prefix })
    }

    /// The key's id.
    pub(crate) fn id(&self) -> &str {
        &self.jwk.kid
    }

    /// The public half.
    pub(crate) fn public(&self) -> &PublicJwk {
        &self.jwk
    }

    /// Signs `claims` into a JWT (RFC 7515, compact form).
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, SigningError> {
        let mut token = self.prefix.clone();
        BASE64_URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims)?, &mut token);
        let signature = self.pair.sign(&SystemRandom::new(), token.as_bytes())?;
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut token);
        Ok(token)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.jwk.kid)
            .finish_non_exhaustive()
    }
}

/// The public key of an uncompressed point (SEC 1, section 2.3.3).
fn public_jwk(point: &[u8]) -> Option<PublicJwk> {
    let coordinates = point.strip_prefix(&[4]).filter(|rest| rest.len() == 64)?;
    let (x, y) = coordinates.split_at(32);
    let (x, y) = (BASE64_URL_SAFE_NO_PAD.encode(x), BASE64_URL_SAFE_NO_PAD.encode(y));
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    let kid = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
    Some(PublicJwk {
        kty: "EC",
        crv: "P-256",
        x,
        y,
        usage: "sig",
        alg: "ES256",
        kid,
    })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{
        Algorithm, DecodingKey, Validation,
        jwk::{Jwk, ThumbprintHash},
    };
    use strongroom_core::ServiceAccount;

    use super::*;
    use crate::grant::{Minter, Validity, claims};

    fn example() -> Claims {
        let account = ServiceAccount {
            name: "shop:api".parse().unwrap(),
            uid: "u".parse().unwrap(),
            pod: None,
            node: None,
        };
        let minter = Minter {
            issuer: "https://i",
            tenant: "t",
        };
        let validity = Validity {
            now: 1,
            expires_at: 2,
        };
        claims(
            minter,
            account,
            "https://a.svc".into(),
            None,
            validity,
            "j".into(),
        )
    }

    #[test]
    fn another_library_verifies_what_is_signed() {
        let key = SigningKey::generate().unwrap();
        let jwk: Jwk = serde_json::from_value(serde_json::to_value(key.public()).unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        let token = key.sign(&example()).unwrap();
        let read = jsonwebtoken::decode::<Claims>(&token, &DecodingKey::from_jwk(&jwk).unwrap(), &validation)
            .unwrap();
        assert_eq!(read.claims, example());
        assert_eq!(read.header.typ.as_deref(), Some(TYPE));
        assert_eq!(read.header.kid.as_deref(), Some(key.id()));
        assert_eq!(jwk.thumbprint(ThumbprintHash::SHA256).unwrap(), key.id());
    }
}
