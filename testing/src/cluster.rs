//! A cluster as the identity service meets it: an API server that knows its keys and reviews tokens, and nothing else.

mod account_token;

use std::{
    net::SocketAddr,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_lc_rs::{
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub use account_token::{AccountToken, Signature};

/// The issuer that the cluster's tokens name.
pub const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// How it answers reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say what is wrong with the answer")]
pub enum Review {
    Honest,
    Gone,
    WithoutAudiences,
    OtherAudience,
    OtherAccount,
    OtherPod,
    NotAServiceAccount,
    Down,
}

/// A signing key of the cluster.
pub struct Key {
    /// Its id.
    pub id: String,
    /// Itself.
    pub pair: KeyPair,
}

/// Making an RSA key takes a while, so all tests share three.
static KEYS: LazyLock<[KeyPair; 3]> =
    LazyLock::new(|| std::array::from_fn(|_| KeyPair::generate(KeySize::Rsa2048).unwrap()));

/// A key of some other cluster.
pub fn other_key() -> KeyPair {
    copy(&KEYS[2])
}

fn copy(pair: &KeyPair) -> KeyPair {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    KeyPair::from_pkcs8(der.as_ref()).unwrap()
}

/// The API server.
pub struct Cluster {
    /// Where it listens, without TLS.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    generation: AtomicUsize,
    review: Mutex<Review>,
    reviewed: Mutex<Vec<String>>,
}

impl Cluster {
    /// A new one, which is honest.
    pub async fn start() -> Self {
        let shared = Arc::new(Shared {
            generation: AtomicUsize::new(0),
            review: Mutex::new(Review::Honest),
            reviewed: Mutex::default(),
        });
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async || Json(json!({ "issuer": ISSUER, "jwks_uri": "https://elsewhere/keys" }))),
            )
            .route("/openid/v1/jwks", get(jwks))
            .route("/apis/authentication.k8s.io/v1/tokenreviews", post(review))
            .with_state(Arc::clone(&shared));
        let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(tcp, router).await.unwrap() });
        Self { address, shared }
    }

    /// The key that tokens are signed with now.
    pub fn key(&self) -> Key {
        let generation = self.shared.generation.load(Ordering::SeqCst);
        Key {
            id: format!("key-{generation}"),
            pair: copy(&KEYS[generation]),
        }
    }

    /// Signs with another key from now on.
    pub fn rotate_key(&self) {
        self.shared.generation.store(1, Ordering::SeqCst);
    }

    /// Answers reviews so from now on.
    pub fn answer_reviews(&self, review: Review) {
        *self.shared.review.lock().unwrap() = review;
    }

    /// How many tokens were reviewed.
    pub fn reviews(&self) -> usize {
        self.shared.reviewed.lock().unwrap().len()
    }

    /// The reviews after the first `count`, other than of the token `other`.
    pub fn reviews_since(&self, count: usize, other: &str) -> usize {
        self.shared.reviewed.lock().unwrap()[count..]
            .iter()
            .filter(|token| *token != other)
            .count()
    }
}

async fn jwks(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let generation = shared.generation.load(Ordering::SeqCst);
    let public = KEYS[generation].public_key();
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    Json(json!({ "keys": [
        { "kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "of-another-kind", "use": "sig" },
        {
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": format!("key-{generation}"),
            "n": encode(public.modulus().big_endian_without_leading_zero()),
            "e": encode(public.exponent().big_endian_without_leading_zero()),
        },
    ] }))
}

async fn review(State(shared): State<Arc<Shared>>, Json(mut review): Json<Value>) -> Response {
    let token = review["spec"]["token"].as_str().unwrap_or_default().to_owned();
    shared.reviewed.lock().unwrap().push(token.clone());
    let kind = *shared.review.lock().unwrap();
    if kind == Review::Down {
        return (StatusCode::INTERNAL_SERVER_ERROR, "down").into_response();
    }
    review["status"] = status(&token, &review["spec"]["audiences"], kind);
    (StatusCode::CREATED, Json(review)).into_response()
}

/// What a real API server answers, but for the one thing that `kind` changes.
fn status(token: &str, asked: &Value, kind: Review) -> Value {
    let Some(claims) = claims(token).filter(|_| kind != Review::Gone) else {
        return json!({ "user": {}, "error": "[invalid bearer token, Token has been invalidated]" });
    };
    let account = &claims["kubernetes.io"];
    let both: Vec<_> = asked
        .as_array()
        .unwrap()
        .iter()
        .filter(|audience| claims["aud"].as_array().unwrap().contains(audience))
        .collect();
    let mut status = json!({
        "authenticated": true,
        "audiences": both,
        "user": {
            "username": claims["sub"],
            "uid": account["serviceaccount"]["uid"],
            "groups": ["system:serviceaccounts", "system:authenticated"],
            "extra": {
                "authentication.kubernetes.io/credential-id": ["JTI=5f3c"],
                "authentication.kubernetes.io/pod-name": [account["pod"]["name"]],
                "authentication.kubernetes.io/pod-uid": [account["pod"]["uid"]],
                "authentication.kubernetes.io/node-name": [account["node"]["name"]],
                "authentication.kubernetes.io/node-uid": [account["node"]["uid"]],
            },
        },
    });
    match kind {
        Review::Honest | Review::Gone | Review::Down => {}
        Review::WithoutAudiences => drop(status.as_object_mut().unwrap().remove("audiences")),
        Review::OtherAudience => status["audiences"] = json!(["https://kubernetes.default.svc"]),
        Review::OtherAccount => status["user"]["uid"] = json!("uid-of-a-new-account"),
        Review::OtherPod => {
            status["user"]["extra"]["authentication.kubernetes.io/pod-uid"] = json!(["another"]);
        }
        Review::NotAServiceAccount => status["user"]["username"] = json!("system:admin"),
    }
    status
}

fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}
