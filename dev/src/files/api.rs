//! What the node driver asks an API server.

use std::convert::Infallible;

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    routing::{get, post},
};
use http::{Request, StatusCode};
use kube::Client;
use serde_json::Value;
use strongroom_crds::SecretRef;
use tokio::sync::mpsc::UnboundedSender;
use tower::{ServiceBuilder, util::BoxCloneService};

/// Answers for one pod.
#[derive(Clone)]
struct Api {
    reference: SecretRef,
    say: UnboundedSender<String>,
}

/// A client of what knows this one SecretRef, and passes the text of events on.
pub(super) fn client(reference: SecretRef, say: UnboundedSender<String>) -> Client {
    let router = Router::new()
        .route(
            "/apis/strongroom.dev/v1alpha1/namespaces/{namespace}/secretrefs/{name}",
            get(secret_ref),
        )
        .route(
            "/apis/events.k8s.io/v1/namespaces/{namespace}/events",
            post(event),
        )
        .with_state(Api { reference, say });
    let service: BoxCloneService<Request<Body>, _, Infallible> = BoxCloneService::new(router);
    let service = ServiceBuilder::new()
        .map_request(|request: Request<kube::client::Body>| request.map(Body::new))
        .service(service);
    Client::new(service, "default")
}

async fn secret_ref(
    State(api): State<Api>,
    Path((_, name)): Path<(String, String)>,
) -> Result<Json<SecretRef>, StatusCode> {
    if api.reference.metadata.name.as_deref() == Some(&name) {
        Ok(Json(api.reference))
    } else {
        Err(StatusCode::NOT_FOUND)
    }
}

async fn event(State(api): State<Api>, Json(event): Json<Value>) -> (StatusCode, Json<Value>) {
    if let Some(note) = event.get("note").and_then(Value::as_str) {
        // Whoever asked for the files may be gone.
        let _ = api.say.send(note.to_owned());
    }
    (StatusCode::CREATED, Json(event))
}
