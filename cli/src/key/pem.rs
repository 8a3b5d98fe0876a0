//! A public key as PEM: a `SubjectPublicKeyInfo` (RFC 7468, section 13), as openssl reads it.

use std::str::FromStr;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pem::{EncodeConfig, LineEnding, Pem};
use strongroom_client::vault::Jwk;
use strongroom_keys::{KeyKind, PublicJwk, PublicKey};

use crate::failure::KeyFailure;

/// The label of the PEM.
const LABEL: &str = "PUBLIC KEY";

/// The public part of `jwk`, which is parsed: what is printed is a key, whatever a vault says.
pub(super) fn public(jwk: &Jwk) -> Result<String, KeyFailure> {
    let der = parsed(jwk)?.to_spki().ok_or(KeyFailure::MalformedPublic)?;
    let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
    Ok(pem::encode_config(&Pem::new(LABEL, der), lines))
}

fn parsed(jwk: &Jwk) -> Result<PublicKey, KeyFailure> {
    let public = match known(Some(&jwk.kty))? {
        KeyKind::Rsa => PublicJwk::Rsa {
            n: octets(jwk.n.as_deref())?,
            e: octets(jwk.e.as_deref())?,
        },
        KeyKind::Ec => PublicJwk::Ec {
            crv: known(jwk.crv.as_deref())?,
            x: octets(jwk.x.as_deref())?,
            y: octets(jwk.y.as_deref())?,
        },
        KeyKind::Akp => PublicJwk::Akp {
            alg: known(jwk.alg.as_deref())?,
            public: octets(jwk.public.as_deref())?,
        },
        KeyKind::Oct => return Err(KeyFailure::NoPublicPart(jwk.kid.name.clone())),
    };
    public.to_key().map_err(|_| KeyFailure::MalformedPublic)
}

fn known<T: FromStr>(name: Option<&str>) -> Result<T, KeyFailure> {
    name.and_then(|name| name.parse().ok())
        .ok_or(KeyFailure::MalformedPublic)
}

fn octets(member: Option<&str>) -> Result<Box<[u8]>, KeyFailure> {
    member
        .and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok())
        .map(Vec::into_boxed_slice)
        .ok_or(KeyFailure::MalformedPublic)
}
