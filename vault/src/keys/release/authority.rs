//! The authorities whose attestation tokens this vault believes: named, with their keys, by the vault's owner. Nothing is
//! fetched, least of all from where a token or a policy says.

use std::{fmt, str::FromStr};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;
use x509_cert::{Certificate, der::Decode as _};

/// The longest attestation token, in bytes. Those of machines carry certificates of their own.
pub const MAX_TOKEN: usize = 64 * 1024;

/// How many authorities a vault has at most, and how many keys each.
const MAX_AUTHORITIES: usize = 8;
const MAX_KEYS: usize = 32;

/// How far, in seconds, an authority's clock may run ahead of ours.
const SKEW_SECONDS: i64 = 60;

/// How many keys of one environment are looked at.
const MAX_RUNTIME_KEYS: usize = 16;

/// The URL of an authority, as policies and tokens (`iss`) name it, without the slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url(Box<str>);

impl Url {
    /// The URL, if it is one of HTTPS.
    pub fn parse(text: &str) -> Option<Self> {
        let host = text.strip_prefix("https://")?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        (is_plain && !host.is_empty() && text.len() <= 512).then(|| Self(trimmed.into()))
    }

    /// The text, without the slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why an attestation token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAttested {
    /// Longer than any.
    #[error("The token is longer than {MAX_TOKEN} bytes.")]
    TooLong,
    /// Not a signed JSON Web Token with an id of its key and an algorithm that is believed.
    #[error(
        "The token is not a JSON Web Token that is signed with RS256, PS256, ES256 or their like, with a kid."
    )]
    Malformed,
    /// No authority of this vault has such a key.
    #[error("No attestation authority of this vault has the key that the token names.")]
    UnknownKey,
    /// The signature is none of that key.
    #[error("The signature of the token is not valid.")]
    Signature,
    /// The token says that another authority issued it than that whose key signed it.
    #[error("The issuer of the token is not the authority whose key signed it.")]
    Issuer,
    /// It has ended, or says not when it ends.
    #[error("The token has expired.")]
    Expired,
    /// It begins later.
    #[error("The token is not yet valid.")]
    NotYetValid,
}

/// What an authority attests.
#[derive(Debug, Clone)]
pub struct Attested {
    /// Who attests it.
    pub authority: Url,
    /// The claims of its token.
    pub claims: Value,
}

/// A public RSA key inside an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeKey {
    /// What the token calls it.
    pub id: Option<String>,
    /// The modulus, big-endian without leading zeros.
    pub modulus: Vec<u8>,
    /// The public exponent, likewise.
    pub exponent: Vec<u8>,
}

/// A key of `x-ms-runtime.keys`.
#[derive(Deserialize)]
struct RuntimeJwk {
    kty: String,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
}

impl Attested {
    /// The RSA keys that the environment has for encryption, in the order of the token.
    pub fn encryption_keys(&self) -> Vec<RuntimeKey> {
        let keys = self
            .claims
            .get("x-ms-runtime")
            .and_then(|runtime| runtime.get("keys"));
        let keys = keys.and_then(Value::as_array).into_iter().flatten();
        keys.take(MAX_RUNTIME_KEYS)
            .filter_map(|key| RuntimeJwk::deserialize(key).ok())
            .filter_map(RuntimeJwk::into_encryption_key)
            .collect()
    }
}

impl RuntimeJwk {
    fn into_encryption_key(self) -> Option<RuntimeKey> {
        let operations = self.key_ops.as_deref();
        let encrypts = |operations: &[String]| {
            operations
                .iter()
                .any(|operation| operation == "encrypt" || operation == "wrapKey")
        };
        let is_for_it =
            self.r#use.as_deref().is_none_or(|purpose| purpose == "enc") && operations.is_none_or(encrypts);
        let number = |text: Option<String>| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(text?.trim_end_matches('=')).ok()?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            bytes.get(zeros..).map(<[u8]>::to_vec)
        };
        (self.kty == "RSA" && is_for_it).then_some(())?;
        Some(RuntimeKey {
            modulus: number(self.n)?,
            exponent: number(self.e)?,
            id: self.kid,
        })
    }
}

/// An authority as the vault's owner writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorityDocument {
    url: String,
    keys: Vec<Jwk>,
}

/// A public key of an authority (RFC 7517): members of RSA or EC, or a certificate. What else a set says of it is of no
/// use here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    x5c: Option<Vec<String>>,
}

/// Why a text names no authorities.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthoritiesError {
    /// Not JSON of the form.
    #[error("attestation authorities are a JSON list of {{\"url\": URL, \"keys\": [JSON Web Keys]}}: {0}")]
    Form(String),
    /// Too many.
    #[error("a vault has at most {MAX_AUTHORITIES} attestation authorities with {MAX_KEYS} keys each")]
    TooMany,
    /// Not a URL of HTTPS.
    #[error("the URL of an attestation authority begins with https://")]
    Url,
}

/// A key that an authority signs with.
#[derive(Clone)]
struct AuthorityKey {
    id: String,
    key: DecodingKey,
}

#[derive(Clone)]
struct Authority {
    url: Url,
    keys: Vec<AuthorityKey>,
}

/// The authorities of a vault; none unless its owner names some.
#[derive(Clone, Default)]
pub struct Authorities(Vec<Authority>);

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = self
            .0
            .iter()
            .map(|authority| (authority.url.as_str(), authority.keys.len()));
        f.debug_map().entries(named).finish()
    }
}

impl FromStr for Authorities {
    type Err = AuthoritiesError;

    /// Reads them from JSON. A key that this vault cannot verify with, such as one on another curve, is left out: an
    /// authority may have newer ones beside it.
    fn from_str(json: &str) -> Result<Self, AuthoritiesError> {
        let documents: Vec<AuthorityDocument> =
            serde_json::from_str(json).map_err(|error| AuthoritiesError::Form(error.to_string()))?;
        let is_bounded = documents.len() <= MAX_AUTHORITIES
            && documents.iter().all(|document| document.keys.len() <= MAX_KEYS);
        if !is_bounded {
            return Err(AuthoritiesError::TooMany);
        }
        let authority = |document: AuthorityDocument| {
            let url = Url::parse(&document.url).ok_or(AuthoritiesError::Url)?;
            let keys: Vec<_> = document.keys.iter().filter_map(Jwk::read).collect();
            if keys.len() < document.keys.len() {
                let left_out = document.keys.len() - keys.len();
                tracing::warn!(
                    authority = url.as_str(),
                    left_out,
                    "keys of an attestation authority cannot be used"
                );
            }
            Ok(Authority { url, keys })
        };
        documents
            .into_iter()
            .map(authority)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Authorities {
    /// Whether `url` is one of them.
    pub fn knows(&self, url: &Url) -> bool {
        self.0.iter().any(|authority| authority.url == *url)
    }

    /// What `token` attests, if one of them signed it and it holds at `now` (seconds since 1970).
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn attest(&self, token: &str, now: i64) -> Result<Attested, NotAttested> {
        if token.len() > MAX_TOKEN {
            return Err(NotAttested::TooLong);
        }
        let header = decode_header(token).map_err(|_| NotAttested::Malformed)?;
        let id = header.kid.ok_or(NotAttested::Malformed)?;
        if matches!(header.alg.family(), AlgorithmFamily::Hmac | AlgorithmFamily::Ed) {
            return Err(NotAttested::Malformed);
        }
        let validation = signature_only(header.alg);
        let mut failure = NotAttested::UnknownKey;
        for authority in &self.0 {
            for known in authority.keys.iter().filter(|known| known.id == id) {
                match decode::<Value>(token, &known.key, &validation) {
                    Ok(decoded) => return authority.believe(decoded.claims, now),
                    Err(_) => failure = NotAttested::Signature,
                }
            }
        }
        Err(failure)
    }
}

impl Authority {
    /// The claims of a token that a key of this authority signed.
    fn believe(&self, claims: Value, now: i64) -> Result<Attested, NotAttested> {
        let issuer = claims.get("iss").and_then(Value::as_str).and_then(Url::parse);
        if issuer.as_ref() != Some(&self.url) {
            return Err(NotAttested::Issuer);
        }
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        if time("exp").is_none_or(|end| end <= now) {
            return Err(NotAttested::Expired);
        }
        let latest = now.saturating_add(SKEW_SECONDS);
        if ["nbf", "iat"]
            .into_iter()
            .filter_map(time)
            .any(|begin| begin > latest)
        {
            return Err(NotAttested::NotYetValid);
        }
        Ok(Attested {
            authority: self.url.clone(),
            claims,
        })
    }
}

/// The claims are checked by [`Authority::believe`], which has the vault's clock.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

impl Jwk {
    fn read(&self) -> Option<AuthorityKey> {
        let key = match (self.kty.as_str(), self) {
            (
                "RSA",
                Self {
                    n: Some(n),
                    e: Some(e),
                    ..
                },
            ) => DecodingKey::from_rsa_components(n, e).ok()?,
            (
                "EC",
                Self {
                    crv: Some(crv),
                    x: Some(x),
                    y: Some(y),
                    ..
                },
            ) if crv == "P-256" || crv == "P-384" => DecodingKey::from_ec_components(x, y).ok()?,
            (_, Self { x5c: Some(chain), .. }) => of_certificate(&self.kty, chain.first()?)?,
            _ => return None,
        };
        let id = self.kid.clone();
        Some(AuthorityKey { id, key })
    }
}

/// The key of a certificate in base64, as services give it that publish certificates and no members.
fn of_certificate(kind: &str, certificate: &str) -> Option<DecodingKey> {
    let der = BASE64_STANDARD.decode(certificate).ok()?;
    let certificate = Certificate::from_der(&der).ok()?;
    let key = certificate.tbs_certificate().subject_public_key_info();
    let bits = key.subject_public_key.as_bytes()?;
    match kind {
        // A DER of PKCS#1 is what stands in it.
        "RSA" => Some(DecodingKey::from_rsa_der(bits)),
        "EC" => Some(DecodingKey::from_ec_der(bits)),
        _ => None,
    }
}
