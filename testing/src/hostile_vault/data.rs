//! The REST answers of a hostile vault.

use axum::{
    Json, Router,
    extract::Path,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Value, json};

/// The version of every secret.
pub const VERSION: &str = "0123456789abcdef0123456789abcdef";

/// Answers every read of a secret, of any version, with what `answer` makes of its name, in its own time.
pub fn router<F, A>(answer: F) -> Router
where
    F: Fn(String) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response> + Send,
{
    let with_version = {
        let answer = answer.clone();
        async move |Path((name, _)): Path<(String, String)>| answer(name).await
    };
    let current = async move |Path(name): Path<String>| answer(name).await;
    Router::new()
        .route("/secrets/{name}", get(current))
        .route("/secrets/{name}/{version}", get(with_version))
}

/// The answer that vault `prod` of `team-a` gives, with this value.
pub fn secret(name: &str, value: &str) -> Response {
    Json(body(name, value)).into_response()
}

/// The body of that answer.
pub fn body(name: &str, value: &str) -> Value {
    json!({
        "value": value, "attributes": {"enabled": true},
        "id": format!("https://prod.team-a.svc/secrets/{name}/{VERSION}"),
    })
}
