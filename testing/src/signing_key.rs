//! The keys that vault tokens are signed with, and what the tokens say.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use strongroom_wire::token;

/// The installation's id.
pub const TENANT: &str = "0f0f0f0f-0000-4000-8000-000000000001";
/// Who issues the tokens.
pub const ISSUER: &str =
    "https://strongroom-identity.strongroom-system.svc/0f0f0f0f-0000-4000-8000-000000000001/v2.0";

/// A signing key of one replica of the identity service.
pub struct SigningKey {
    /// The key's id.
    pub id: String,
    /// The public half, as a point.
    pub public: Vec<u8>,
    key: EncodingKey,
}

impl SigningKey {
    /// A new key that calls itself `id`.
    pub fn new(id: &str) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        Self {
            id: id.into(),
            public: pair.public_key().as_ref().to_vec(),
            key: EncodingKey::from_ec_der(pkcs8.as_ref()),
        }
    }

    /// The public half, as a key set holds it.
    pub fn jwk(&self) -> Value {
        let (x, y) = self.public[1..].split_at(32);
        let (x, y) = (BASE64.encode(x), BASE64.encode(y));
        json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.id, "use": "sig", "alg": "ES256"})
    }

    /// The header of a token.
    pub fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(token::TYPE.into());
        header.kid = Some(self.id.clone());
        header
    }

    /// A token of this header and these claims, whatever they say.
    pub fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.key).unwrap()
    }

    /// A token of these very bytes, whatever they are.
    pub fn sign_bytes(&self, header: &[u8], claims: &[u8]) -> String {
        let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }

    /// A token of these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.sign(&self.header(), claims)
    }
}

/// The claims of a token for the account `NAMESPACE/NAME`, which is issued at `now` and lives 15 minutes.
pub fn claims(now: i64, account: &str, audience: &str) -> Value {
    let (namespace, name) = account.split_once('/').unwrap();
    json!({
        "ver": token::VERSION, "iss": ISSUER, "aud": audience, "tid": TENANT, "jti": format!("{account}-{now}"),
        "sub": format!("system:serviceaccount:{namespace}:{name}"), "oid": uid(account),
        "iat": now, "nbf": now, "exp": now + token::LIFETIME_SECONDS,
        "strongroom.dev": {"namespace": namespace, "name": name},
    })
}

/// The UID of the account `NAMESPACE/NAME`.
pub fn uid(account: &str) -> String {
    format!("uid-{}", account.replace('/', "-"))
}
