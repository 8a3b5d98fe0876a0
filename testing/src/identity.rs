//! An identity service: it serves the keys that it signs with, and gives a vault token for whatever it is shown.
//!
//! It verifies nothing of the token that it is shown; what a token must be is proved in the tests of `identity`.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Form, Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use http::StatusCode;
use parking_lot::Mutex;
use serde_json::{Value, json};
use strongroom_vault::clock::Clock;

use crate::signing_key::{SigningKey, claims};

/// Its name in the cluster.
pub const SERVER_NAME: &str = "strongroom-identity.strongroom-system.svc";

/// How long a token lives that was exchanged, in seconds.
pub const LIFE: i64 = 3600;

/// The identity service of one installation. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    signer: Arc<SigningKey>,
    clock: Clock,
    keys: Mutex<Vec<Value>>,
    refuses: AtomicBool,
    exchanges: Mutex<Vec<Exchange>>,
}

/// An exchange that it was asked for.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The form, field by field.
    pub form: HashMap<String, String>,
    /// The vault token that was given, if one was.
    pub token: Option<String>,
}

impl Identity {
    /// A service that signs with `signer`, by `clock`, and serves that key.
    pub fn new(signer: SigningKey, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            keys: Mutex::new(vec![signer.jwk()]),
            signer: Arc::new(signer),
            clock,
            refuses: AtomicBool::default(),
            exchanges: Mutex::default(),
        }))
    }

    /// What it signs with.
    pub fn signer(&self) -> Arc<SigningKey> {
        Arc::clone(&self.0.signer)
    }

    /// Its clock.
    pub fn clock(&self) -> Clock {
        self.0.clock.clone()
    }

    /// Serves one more key, as when another replica starts.
    pub fn publish(&self, key: &SigningKey) {
        self.0.keys.lock().push(key.jwk());
    }

    /// From now on refuses every exchange, or none.
    pub fn refuse(&self, refuses: bool) {
        self.0.refuses.store(refuses, Ordering::SeqCst);
    }

    /// The exchanges that it was asked for so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.0.exchanges.lock().clone()
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.0.exchanges.lock().len()
    }

    /// The keys that it serves, as a set.
    pub fn key_set(&self) -> Value {
        json!({ "keys": *self.0.keys.lock() })
    }

    /// What it answers.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/keys", get(async |State(own): State<Self>| Json(own.key_set())))
            .route("/{tenant}/oauth2/v2.0/token", post(exchange))
            .with_state(self.clone())
    }

    /// A vault token for whom the service-account token in `form` names, at the vault that `form` names.
    fn sign(&self, form: &HashMap<String, String>) -> String {
        let presented = form["client_assertion"].split('.').nth(1).unwrap();
        let presented: Value = serde_json::from_slice(&BASE64.decode(presented).unwrap()).unwrap();
        let of = &presented["kubernetes.io"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let account = format!(
            "{}/{}",
            text(&of["namespace"]),
            text(&of["serviceaccount"]["name"])
        );
        let now = self.0.clock.now();
        let mut claims = claims(now, &account, form["scope"].trim_end_matches("/.default"));
        claims["oid"] = of["serviceaccount"]["uid"].clone();
        claims["strongroom.dev"]["pod"] = of["pod"].clone();
        claims["jti"] = json!(format!("{account}-{}", self.count()));
        claims["exp"] = json!(now + LIFE);
        self.0.signer.token(&claims)
    }
}

async fn exchange(State(own): State<Identity>, Form(form): Form<HashMap<String, String>>) -> Response {
    let token = (!own.0.refuses.load(Ordering::SeqCst)).then(|| own.sign(&form));
    let answer = if let Some(token) = &token {
        Json(json!({"access_token": token, "token_type": "Bearer", "expires_in": LIFE})).into_response()
    } else {
        let refusal = json!({"error": "invalid_client", "error_description": "the pod is gone"});
        (StatusCode::UNAUTHORIZED, Json(refusal)).into_response()
    };
    own.0.exchanges.lock().push(Exchange { form, token });
    answer
}
