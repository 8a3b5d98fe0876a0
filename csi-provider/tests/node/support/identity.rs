//! The identity service, which gives a new vault token for whatever it is shown.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{Form, Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::post};
use serde_json::json;

#[derive(Clone, Default)]
pub struct Identity {
    pub exchanges: Arc<AtomicU64>,
    /// The form of the last exchange.
    pub last: Arc<Mutex<HashMap<String, String>>>,
    pub refuses: Arc<Mutex<bool>>,
}

impl Identity {
    pub fn router(&self) -> Router {
        Router::new()
            .route("/{tenant}/oauth2/v2.0/token", post(exchange))
            .with_state(self.clone())
    }

    pub fn count(&self) -> u64 {
        self.exchanges.load(Ordering::Relaxed)
    }
}

async fn exchange(
    State(identity): State<Identity>,
    Form(form): Form<HashMap<String, String>>,
) -> axum::response::Response {
    let number = identity.exchanges.fetch_add(1, Ordering::Relaxed);
    *identity.last.lock().unwrap() = form;
    if *identity.refuses.lock().unwrap() {
        let refusal = json!({"error": "invalid_client", "error_description": "the pod is gone"});
        return (StatusCode::UNAUTHORIZED, Json(refusal)).into_response();
    }
    Json(json!({"access_token": format!("vault-token-{number}"), "token_type": "Bearer", "expires_in": 3600}))
        .into_response()
}
