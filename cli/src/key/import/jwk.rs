//! A private key as a JWK (RFC 7517; RFC 7518, section 6).

use std::str::FromStr;

use serde::{Deserialize, de::IgnoredAny};
use strongroom_client::vault::Octets;
use strongroom_keys::{Curve, KeyKind, Member, PrivateJwk};

use super::ReadKey;
use crate::failure::KeyFileError;

/// What standards call the curve that a vault calls `P-256K` (RFC 8812, section 3.1).
const SECP256K1: &str = "secp256k1";

/// The members that are read. Others say nothing about the key itself, and are passed over.
#[derive(Deserialize)]
struct JwkFile {
    /// What a set of JWKs has.
    keys: Option<IgnoredAny>,
    kty: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    alg: Option<String>,
    n: Option<Octets>,
    e: Option<Octets>,
    d: Option<Octets>,
    p: Option<Octets>,
    q: Option<Octets>,
    dp: Option<Octets>,
    dq: Option<Octets>,
    qi: Option<Octets>,
    k: Option<Octets>,
    x: Option<Octets>,
    y: Option<Octets>,
    #[serde(rename = "pub")]
    public: Option<Octets>,
    #[serde(rename = "priv")]
    seed: Option<Octets>,
}

/// Whether a file begins as JSON does.
pub(super) fn is_json(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

/// The key in a JWK, and what it says of its uses.
pub(super) fn read(bytes: &[u8]) -> Result<ReadKey, KeyFileError> {
    // The parser's own message could quote a member.
    let file: JwkFile = serde_json::from_slice(bytes).map_err(|error| KeyFileError::MalformedJwk {
        line: error.line(),
        column: error.column(),
    })?;
    if file.keys.is_some() {
        return Err(KeyFileError::JwkSet);
    }
    let (key_ops, jwk) = file.into_parts()?;
    Ok(ReadKey { jwk, key_ops })
}

impl JwkFile {
    fn into_parts(self) -> Result<(Option<Vec<String>>, PrivateJwk), KeyFileError> {
        let mut jwk = PrivateJwk::new(known(self.kty.as_deref(), "kty", "RSA, EC, oct or AKP")?);
        match jwk.kind {
            KeyKind::Ec => jwk.curve = Some(curve(self.crv.as_deref())?),
            KeyKind::Akp => {
                let sets = "ML-DSA-44, ML-DSA-65 or ML-DSA-87";
                jwk.parameter_set = Some(known(self.alg.as_deref(), "alg", sets)?);
            }
            // What else `alg` may name is one use of the key.
            KeyKind::Rsa | KeyKind::Oct => {}
        }
        for (member, octets) in [
            (Member::N, self.n),
            (Member::E, self.e),
            (Member::D, self.d),
            (Member::P, self.p),
            (Member::Q, self.q),
            (Member::Dp, self.dp),
            (Member::Dq, self.dq),
            (Member::Qi, self.qi),
            (Member::K, self.k),
            (Member::X, self.x),
            (Member::Y, self.y),
            (Member::Pub, self.public),
            (Member::Priv, self.seed),
        ] {
            if let Some(octets) = octets {
                jwk.set(member, octets.into_bytes());
            }
        }
        Ok((self.key_ops, jwk))
    }
}

fn curve(name: Option<&str>) -> Result<Curve, KeyFileError> {
    match name {
        Some(SECP256K1) => Ok(Curve::P256K),
        name => known(name, "crv", "P-256, P-384, P-521, P-256K or secp256k1"),
    }
}

fn known<T: FromStr>(
    name: Option<&str>,
    member: &'static str,
    known: &'static str,
) -> Result<T, KeyFileError> {
    name.and_then(|name| name.parse().ok())
        .ok_or(KeyFileError::JwkMember { member, known })
}
