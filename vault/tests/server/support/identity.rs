//! An identity service: a key of its own, served at `/keys`, and tokens signed with it.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{Arc, Mutex},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::{Json, Router, routing::get};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use strongroom_serving::{
    accept::{Counts, Drain, Limits, Listener},
    tls::{ServingCertificate, server_config},
};
use strongroom_vault::clock::Clock;
use strongroom_wire::token;

pub const SERVER_NAME: &str = "strongroom-identity.strongroom-system.svc";
pub const TENANT: &str = "0f0f0f0f-0000-4000-8000-000000000001";
pub const ISSUER: &str =
    "https://strongroom-identity.strongroom-system.svc/0f0f0f0f-0000-4000-8000-000000000001/v2.0";

/// A signing key of one replica.
pub struct SigningKey {
    pub id: String,
    pub public: Vec<u8>,
    key: EncodingKey,
}

impl SigningKey {
    pub fn new(id: &str) -> Self {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        Self {
            id: id.into(),
            public,
            key: EncodingKey::from_ec_der(pkcs8.as_ref()),
        }
    }

    pub fn jwk(&self) -> Value {
        let (x, y) = (
            BASE64.encode(&self.public[1..33]),
            BASE64.encode(&self.public[33..]),
        );
        json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.id, "use": "sig", "alg": "ES256"})
    }

    pub fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(token::TYPE.into());
        header.kid = Some(self.id.clone());
        header
    }

    pub fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.key).unwrap()
    }
}

/// The claims of a token for account `NAMESPACE/NAME`, valid for 15 minutes.
pub fn claims(clock: &Clock, account: &str, audience: &str) -> Value {
    let (namespace, name) = account.split_once('/').unwrap();
    let now = clock.now();
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

/// The public halves that a replica serves; more can be added while it does.
#[derive(Clone, Default)]
pub struct Served(Arc<Mutex<Vec<Value>>>);

impl Served {
    pub fn add(&self, key: &SigningKey) {
        self.0.lock().unwrap().push(key.jwk());
    }
}

/// Serves `keys`; `directory` holds the certificate.
pub fn serve(keys: Served, directory: &Path) -> SocketAddr {
    let set = move || json!({ "keys": *keys.0.lock().unwrap() });
    let router = Router::new().route("/keys", get(move || async move { Json(set()) }));
    let tls = server_config(ServingCertificate::load(directory).unwrap()).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let address = tcp.local_addr().unwrap();
    tokio::spawn(
        Listener::new(
            tcp,
            Some(tls),
            router,
            Limits::default(),
            Counts::default(),
            Drain::default(),
        )
        .run(),
    );
    address
}
