//! The public part of a key: from what a vault says of it to what files show.
//!
//! A vault is not trusted. What it says is parsed into a key, and both files are written anew from that: the one that the
//! SecretRef asks for holds a key of its encoding, or there is none.

use std::str::FromStr;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pem::{EncodeConfig, LineEnding, Pem};
use strongroom_client::vault::{Jwk, KeyId};
use strongroom_core::{ObjectName, VaultRef, Version};
use strongroom_keys::{KeyKind, PublicJwk, PublicKey, PublicMembers};

use super::Reason;
use crate::volume::KeyFiles;

/// The label of the PEM file (RFC 7468, section 13).
const LABEL: &str = "PUBLIC KEY";
/// The longest text of a member: the public key of ML-DSA-87 has 3,456 characters.
const MEMBER: usize = 4096;
/// The most operations of a key, and the longest name of one. Azure knows ten.
const OPERATIONS: usize = 32;
const OPERATION: usize = 32;

/// The files of version `version` of the key `name` of `vault`, from the JSON that the vault sent.
///
/// # Errors
/// As [`key_files`], and where it is no JSON of a key.
pub fn key_files_of_json(
    json: &[u8],
    vault: &VaultRef,
    name: &ObjectName,
    version: Version,
) -> Result<KeyFiles, Reason> {
    // serde_json's own message could quote the vault's words.
    let jwk: Jwk = serde_json::from_slice(json).map_err(|_| malformed("no JWK"))?;
    key_files(&jwk, vault, name, version)
}

/// The files of version `version` of the key `name` of `vault`, from its JWK as the vault says it.
///
/// # Errors
/// It is the JWK of another key or version, of a symmetric key, or of none.
pub fn key_files(
    jwk: &Jwk,
    vault: &VaultRef,
    name: &ObjectName,
    version: Version,
) -> Result<KeyFiles, Reason> {
    if jwk.kid.name != *name || jwk.kid.version != Some(version) {
        return Err(malformed("the JWK of another key"));
    }
    let key = parsed(jwk)?;
    let der = key.to_spki().ok_or(Reason::Symmetric)?;
    let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
    let pem = pem::encode_config(&Pem::new(LABEL, der), lines);
    let kid = format!("{}/keys/{}/{version}", vault.url(), jwk.kid.name.spelling());
    let kid = KeyId::try_from(kid).map_err(|_| malformed("no JWK"))?;
    let mut json = serde_json::to_vec(&written(&key, kid, operations(&jwk.key_ops)?))
        .map_err(|_| malformed("no JWK"))?;
    json.push(b'\n');
    Ok(KeyFiles {
        pem: pem.into_bytes().into(),
        jwk: json.into(),
    })
}

/// What is said of a vault that gives something else than the public part of the key.
fn malformed(what: &str) -> Reason {
    Reason::Refused(format!("the vault gave {what}"))
}

/// The key of the members that belong to its type.
fn parsed(jwk: &Jwk) -> Result<PublicKey, Reason> {
    let public = match word(Some(&jwk.kty))? {
        KeyKind::Rsa => PublicJwk::Rsa {
            n: bytes(jwk.n.as_deref())?,
            e: bytes(jwk.e.as_deref())?,
        },
        KeyKind::Ec => PublicJwk::Ec {
            crv: word(jwk.crv.as_deref())?,
            x: bytes(jwk.x.as_deref())?,
            y: bytes(jwk.y.as_deref())?,
        },
        KeyKind::Akp => PublicJwk::Akp {
            alg: word(jwk.alg.as_deref())?,
            public: bytes(jwk.public.as_deref())?,
        },
        // A vault says not even its size.
        KeyKind::Oct => return Err(Reason::Symmetric),
    };
    public.to_key().map_err(|_| malformed("a JWK that is no key"))
}

fn word<T: FromStr>(text: Option<&str>) -> Result<T, Reason> {
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| malformed("a JWK of a type that this release does not know"))
}

fn bytes(text: Option<&str>) -> Result<Box<[u8]>, Reason> {
    text.filter(|text| text.len() <= MEMBER)
        .and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok())
        .map(Vec::into_boxed_slice)
        .ok_or_else(|| malformed("a JWK that lacks a member"))
}

/// The operations, which are words whatever the release of the vault.
fn operations(said: &[String]) -> Result<Vec<String>, Reason> {
    let is_word = |text: &String| {
        (1..=OPERATION).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if said.len() <= OPERATIONS && said.iter().all(is_word) {
        Ok(said.to_vec())
    } else {
        Err(malformed("a JWK whose key_ops are no words"))
    }
}

/// The JWK of a key, in the order in which a vault writes it.
fn written(key: &PublicKey, kid: KeyId, key_ops: Vec<String>) -> Jwk {
    let text = |bytes: &[u8]| Some(BASE64_URL_SAFE_NO_PAD.encode(bytes));
    let mut jwk = Jwk {
        kid,
        kty: key.key_type().kind().name().to_owned(),
        key_ops,
        n: None,
        e: None,
        crv: None,
        x: None,
        y: None,
        alg: None,
        public: None,
    };
    match key.members() {
        PublicMembers::Rsa { n, e } => (jwk.n, jwk.e) = (text(n), text(e)),
        PublicMembers::Ec { crv, x, y } => {
            jwk.crv = Some(crv.name().to_owned());
            (jwk.x, jwk.y) = (text(x), text(y));
        }
        PublicMembers::Akp { alg, public } => {
            jwk.alg = Some(alg.name().to_owned());
            jwk.public = text(public);
        }
        PublicMembers::Oct(_) => {}
    }
    jwk
}

#[cfg(test)]
mod tests;
