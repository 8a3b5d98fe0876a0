//! The API server: `SecretRef`s to read, events to take.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

#[derive(Clone, Default)]
pub struct Api {
    refs: Arc<Mutex<BTreeMap<(String, String), Value>>>,
    pub events: Arc<Mutex<Vec<Value>>>,
    pub reads: Arc<AtomicU64>,
}

impl Api {
    pub fn router(&self) -> Router {
        Router::new()
            .route(
                "/apis/strongroom.dev/v1alpha1/namespaces/{namespace}/secretrefs/{name}",
                get(read),
            )
            .route(
                "/apis/events.k8s.io/v1/namespaces/{namespace}/events",
                post(event),
            )
            .with_state(self.clone())
    }

    /// Puts a SecretRef of these files from vault `prod` of `team-a`.
    pub fn put(&self, namespace: &str, name: &str, files: &Value) {
        self.put_of("team-a", namespace, name, files);
    }

    /// The same from vault `prod` of another namespace.
    pub fn put_of(&self, vault: &str, namespace: &str, name: &str, files: &Value) {
        let spec = json!({
            "vaultRef": {"name": "prod", "namespace": vault}, "serviceAccountName": "api", "files": files,
        });
        let object = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef",
            "metadata": {"name": name, "namespace": namespace}, "spec": spec,
        });
        self.refs
            .lock()
            .unwrap()
            .insert((namespace.into(), name.into()), object);
    }

    /// The same, with a status that says whether policy lets account `api` read them.
    pub fn put_authorized(&self, namespace: &str, name: &str, files: &Value, authorized: &str) {
        self.put(namespace, name, files);
        let condition = json!({
            "type": "Authorized", "status": authorized, "reason": "Permitted", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        });
        let mut refs = self.refs.lock().unwrap();
        let object = refs.get_mut(&(namespace.into(), name.into())).unwrap();
        object["status"] = json!({"conditions": [condition]});
    }

    pub fn delete(&self, namespace: &str, name: &str) {
        self.refs.lock().unwrap().remove(&(namespace.into(), name.into()));
    }

    /// The reasons and notes of the events so far.
    pub fn notes(&self) -> Vec<String> {
        let note = |event: &Value| {
            format!(
                "{}: {}",
                event["reason"].as_str().unwrap(),
                event["note"].as_str().unwrap()
            )
        };
        self.events.lock().unwrap().iter().map(note).collect()
    }

    pub fn count(&self) -> u64 {
        self.reads.load(Ordering::Relaxed)
    }
}

async fn read(State(api): State<Api>, Path(key): Path<(String, String)>) -> Response {
    api.reads.fetch_add(1, Ordering::Relaxed);
    if let Some(object) = api.refs.lock().unwrap().get(&key) {
        return Json(object.clone()).into_response();
    }
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound",
        "message": format!("secretrefs.strongroom.dev {:?} not found", key.1), "code": 404});
    (StatusCode::NOT_FOUND, Json(status)).into_response()
}

async fn event(State(api): State<Api>, Json(event): Json<Value>) -> (StatusCode, Json<Value>) {
    api.events.lock().unwrap().push(event.clone());
    (StatusCode::CREATED, Json(event))
}
