//! An identity service of one run: a key, served at `/keys`, and tokens signed with it.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::{Json, Router, routing::get};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use strongroom_wire::token;

use crate::serve;

/// The name in its certificate.
pub const SERVER_NAME: &str = "strongroom-identity.strongroom-system.svc";
/// The installation's id.
pub const TENANT: &str = "0f0f0f0f-0000-4000-8000-000000000001";
/// The account of the clients.
pub const CLIENT: Account = Account("client");
/// An account that wants more than its share.
pub const GREEDY: Account = Account("greedy");

/// An account in the namespace `bench`.
#[derive(Debug, Clone, Copy)]
pub struct Account(&'static str);

impl Account {
    /// Its UID.
    pub fn uid(self) -> String {
        format!("uid-bench-{}", self.0)
    }
}

const KEY_ID: &str = "bench";
/// As long as a vault takes one. Each measurement has a new token.
const LIFETIME: Duration = Duration::from_hours(1);

/// The issuer of its tokens.
pub fn issuer() -> String {
    format!("https://{SERVER_NAME}/{TENANT}/v2.0")
}

/// A signing key.
pub struct Signer(EcdsaKeyPair);

impl Signer {
    /// A new one.
    pub fn new() -> Result<Self> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())?;
        Ok(Self(key))
    }

    /// A token of `account` for the vault `audience`.
    pub fn token(&self, account: Account, audience: &str) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims = json!({
            "ver": token::VERSION, "iss": issuer(), "aud": audience, "tid": TENANT, "jti": format!("bench-{now}"),
            "sub": format!("system:serviceaccount:bench:{}", account.0), "oid": account.uid(),
            "iat": now, "nbf": now, "exp": now + LIFETIME.as_secs(),
            "strongroom.dev": {"namespace": "bench", "name": account.0},
        });
        let header = json!({"alg": "ES256", "typ": token::TYPE, "kid": KEY_ID});
        let part = |value: &Value| BASE64.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(format!("{signed}.{}", BASE64.encode(signature.as_ref())))
    }

    /// Serves its public half with the certificate in `directory`, until the process ends.
    pub fn serve(&self, directory: PathBuf) -> Result<SocketAddr> {
        let keys = json!({"keys": [self.public()]});
        let router = Router::new().route("/keys", get(move || async move { Json(keys) }));
        let tcp = TcpListener::bind("127.0.0.1:0")?;
        let address = tcp.local_addr()?;
        tokio::spawn(async move {
            if let Err(error) = serve::run(tcp, &directory, router).await {
                eprintln!("bench: the identity service ended: {error:#}");
            }
        });
        Ok(address)
    }

    /// RFC 7517; an uncompressed point is a byte 4 and both coordinates.
    fn public(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let (x, y) = point
            .get(1..)
            .unwrap_or_default()
            .split_at(32.min(point.len() - 1));
        json!({
            "kty": "EC", "crv": "P-256", "x": BASE64.encode(x), "y": BASE64.encode(y),
            "kid": KEY_ID, "use": "sig", "alg": "ES256",
        })
    }
}
