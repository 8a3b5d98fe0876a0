//! An attestation authority, and environments that it attests.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::Header;
use serde_json::{Value, json};
use strongroom_testing::{SigningKey, vault::Vault};

/// The authority, as policies name it.
pub const AUTHORITY: &str = "https://attest.example";

/// What it signs with.
pub struct Attestation(pub SigningKey);

impl Attestation {
    pub fn new() -> Self {
        Self(SigningKey::new("attest-1"))
    }

    /// The argument that tells a vault of it.
    pub fn argument(&self) -> String {
        let authorities = json!([{"url": format!("{AUTHORITY}/"), "keys": [self.0.jwk()]}]);
        format!("--attestation-authorities={authorities}")
    }

    /// A token of these claims.
    pub fn token(&self, claims: &Value) -> String {
        let mut header = Header::new(jsonwebtoken::Algorithm::ES256);
        header.kid = Some(self.0.id.clone());
        self.0.sign(&header, claims)
    }
}

/// What an environment with these keys is said to be, at `now`.
pub fn claims(now: i64, keys: &[Value]) -> Value {
    json!({
        "iss": format!("{AUTHORITY}/"), "iat": now, "nbf": now, "exp": now + 600, "sdk-test": true,
        "tee": {"debuggable": false}, "x-ms-runtime": {"keys": keys},
    })
}

/// The public part of the RSA key `name` of `vault`, as an environment has it in its token.
pub async fn runtime_key(vault: &Vault, name: &str) -> Value {
    let key = vault.get(&format!("/keys/{name}")).await.body["key"].clone();
    json!({"kty": "RSA", "kid": format!("inside-{name}"), "use": "enc", "n": key["n"], "e": key["e"]})
}

/// The member `release_policy` of a body: it asks for the claim `sdk-test`.
pub fn policy(immutable: bool) -> Value {
    policy_of(
        &json!([{"authority": AUTHORITY, "allOf": [{"claim": "sdk-test", "equals": "true"}]}]),
        immutable,
    )
}

/// The same with other rules.
pub fn policy_of(rules: &Value, immutable: bool) -> Value {
    let policy = json!({"version": "1.0.0", "anyOf": rules}).to_string();
    json!({"data": BASE64_URL_SAFE_NO_PAD.encode(policy), "immutable": immutable})
}
