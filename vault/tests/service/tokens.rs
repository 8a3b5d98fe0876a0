//! Tokens as the identity service signs them, under a key of our own.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;
use strongroom_vault::auth::KeyRing;
use strongroom_wire::token;

pub const TENANT: &str = "0f0f0f0f-0000-4000-8000-000000000001";
pub const ISSUER: &str = "https://identity.test/v2.0";

/// A signing key.
pub struct Signer {
    jwk: serde_json::Value,
    key: EncodingKey,
}

/// Whom a token is for: an account `NAMESPACE/NAME`, in a pod.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub name: &'static str,
    pub pod: &'static str,
}

pub const API: Account = Account {
    name: "shop/api",
    pod: "pod-1",
};

impl Account {
    /// The account's UID.
    pub fn uid(&self) -> String {
        uid(self.name)
    }
}

/// The UID of the account `NAMESPACE/NAME`.
pub fn uid(name: &str) -> String {
    format!("uid-{}", name.replace('/', "-"))
}

impl Signer {
    pub fn new() -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
        Self {
            jwk: json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "k1"}),
            key: EncodingKey::from_ec_der(pkcs8.as_ref()),
        }
    }

    /// Makes the key known.
    pub fn teach(&self, ring: &KeyRing, now: i64) {
        ring.learn(json!({ "keys": [self.jwk] }).to_string().as_bytes(), now)
            .unwrap();
    }

    /// A token for `account` that is issued at `now` and lives `life` seconds.
    pub fn token(&self, account: Account, now: i64, life: i64) -> String {
        let (namespace, name) = account.name.split_once('/').unwrap();
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(token::TYPE.into());
        header.kid = Some("k1".into());
        let claims = json!({
            "ver": token::VERSION, "iss": ISSUER, "aud": "https://prod.team-a.svc", "tid": TENANT,
            "jti": "j", "sub": format!("system:serviceaccount:{namespace}:{name}"), "oid": account.uid(),
            "iat": now, "nbf": now, "exp": now + life,
            "strongroom.dev": {
                "namespace": namespace, "name": name, "pod": {"name": "p", "uid": account.pod},
            },
        });
        jsonwebtoken::encode(&header, &claims, &self.key).unwrap()
    }
}
