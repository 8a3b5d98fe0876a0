//! An attestation authority, and what it says of an environment.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use strongroom_keys::Member;
use strongroom_testing::SigningKey;

use crate::keys::private::rsa_members;

/// The authority, as policies and tokens name it.
pub(super) const AUTHORITY: &str = "https://attest.example";
/// Another one that the vault believes.
pub(super) const OTHER: &str = "https://other.example";
/// What the authority calls its key.
pub(super) const KEY: &str = "attest-1";
/// The header of its tokens.
pub(super) const HEADER: &str = r#"{"alg":"ES256","typ":"JWT","kid":"attest-1"}"#;
/// A release policy that its tokens meet.
pub(super) const POLICY: &str = r#"{"version":"1.0.0","anyOf":[{"authority":"https://attest.example","allOf":[{"claim":"sdk-test","equals":"true"}]}]}"#;

/// The authority.
pub(super) struct Authority(pub(super) SigningKey);

impl Authority {
    /// One with a new key.
    pub(super) fn new() -> Self {
        Self(SigningKey::new(KEY))
    }

    /// What a vault's owner writes of it: its key and an RSA key beside it, and another authority.
    pub(super) fn document(&self) -> Value {
        let [n, e] = rsa_numbers();
        let rsa = json!({"kty": "RSA", "kid": "attest-rsa", "n": n, "e": e});
        json!([
            {"url": format!("{AUTHORITY}/"), "keys": [self.0.jwk(), rsa]},
            {"url": OTHER, "keys": [SigningKey::new("attest-2").jwk()]},
        ])
    }

    /// The argument that tells a vault of it.
    pub(super) fn argument(&self) -> String {
        format!("--attestation-authorities={}", self.document())
    }

    /// A token of these claims. All tokens of the same claims are of one length.
    pub(super) fn token(&self, claims: &Value) -> String {
        self.0
            .sign_bytes(HEADER.as_bytes(), claims.to_string().as_bytes())
    }
}

/// What it says at `now` of an environment with one RSA key for encryption.
pub(super) fn claims(now: i64) -> Value {
    let [n, e] = rsa_numbers();
    json!({
        "iss": format!("{AUTHORITY}/"), "iat": now, "nbf": now, "exp": now + 600, "sdk-test": true,
        "tee": {"debuggable": false},
        "x-ms-runtime": {"keys": [{"kty": "RSA", "kid": "inside", "use": "enc", "n": n, "e": e}]},
    })
}

/// Modulus and public exponent of an RSA key.
fn rsa_numbers() -> [String; 2] {
    let members = rsa_members();
    [Member::N, Member::E].map(|wanted| {
        let (_, bytes) = members.iter().find(|(member, _)| *member == wanted).unwrap();
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    })
}
