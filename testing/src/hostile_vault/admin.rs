//! The admin API of a hostile vault. Until a test says otherwise it answers as a vault that takes everything.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, Uri};
use parking_lot::Mutex;
use serde_json::{Value, json};
use strongroom_wire::admin::path;

/// The id that the vault claims at first.
pub const VAULT_ID: &str = "e0000000-0000-4000-8000-000000000001";

/// What is answered. Clones are the same vault.
#[derive(Debug, Clone, Default)]
pub struct Admin(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    replies: BTreeMap<(Method, String), Reply>,
    claim: Option<Claim>,
    /// The bundle that was put last: its id, and its bytes.
    taken: Option<(Value, Bytes)>,
    asked: Vec<(Method, String, Bytes)>,
}

/// Changes what the status says.
type Claim = Box<dyn Fn(&mut Value) + Send>;

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("replies", &self.replies)
            .finish_non_exhaustive()
    }
}

/// One scripted answer.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This JSON.
    Json(StatusCode, Value),
    /// These bytes, with 200.
    Bytes(Bytes),
    /// What is said by default, after a while.
    Late(Duration),
    /// Nothing, for ever.
    Never,
}

impl Reply {
    /// A refusal with this code and these words.
    pub fn refusal(status: u16, code: &str, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap();
        Self::Json(status, json!({"code": code, "message": message}))
    }
}

impl Admin {
    /// Answers this to these requests from now on.
    pub fn reply(&self, method: Method, path: &str, reply: Reply) {
        self.0.lock().replies.insert((method, path.to_owned()), reply);
    }

    /// Answers these requests as by default again.
    pub fn behave(&self, method: Method, path: &str) {
        self.0.lock().replies.remove(&(method, path.to_owned()));
    }

    /// Changes what the status says from now on.
    pub fn claim(&self, claim: impl Fn(&mut Value) + Send + 'static) {
        self.0.lock().claim = Some(Box::new(claim));
    }

    /// Lets the status say the truth again.
    pub fn claim_nothing(&self) {
        self.0.lock().claim = None;
    }

    /// How often it was asked this.
    pub fn asked(&self, method: &Method, path: &str) -> usize {
        self.bodies(method, path).len()
    }

    /// What it was sent with these requests, in their order.
    pub fn bodies(&self, method: &Method, path: &str) -> Vec<Bytes> {
        let script = self.0.lock();
        let asked = script.asked.iter();
        asked
            .filter(|(by, at, _)| by == method && at == path)
            .map(|(_, _, body)| body.clone())
            .collect()
    }

    /// What answers, until [`TlsServer`](crate::TlsServer) stops.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    fn say(&self, method: &Method, path: &str, body: &Bytes) -> Response {
        let mut script = self.0.lock();
        match (method.as_str(), path) {
            ("GET", path::STATUS) => Json(script.status()).into_response(),
            ("GET", path::BUNDLE) => match &script.taken {
                Some((_, bytes)) => bytes.clone().into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            },
            ("PUT", path::BUNDLE) => {
                let bundle: Value = serde_json::from_slice(body).unwrap();
                let id = json!({"generation": bundle["generation"], "hash": sha256(body)});
                script.taken = Some((id.clone(), body.clone()));
                Json(id).into_response()
            }
            ("POST", path::CONFIRM) => body.clone().into_response(),
            ("POST", path::COMPARE) => {
                let question: Value = serde_json::from_slice(body).unwrap();
                let kept = &question["kept"];
                Json(json!({"digest": kept["digest"], "auditHash": kept["auditHash"]})).into_response()
            }
            ("GET", path::VOLUMES) => Json(json!({"refs": []})).into_response(),
            ("POST", path::RESOLVE) => {
                let question: Value = serde_json::from_slice(body).unwrap();
                let version = "0123456789abcdef0123456789abcdef";
                let state = json!({"state": "Available", "version": version});
                let objects = question["objects"].as_array().unwrap().iter();
                Json(json!({"objects": objects.map(|_| state.clone()).collect::<Vec<_>>()})).into_response()
            }
            _ => StatusCode::NO_CONTENT.into_response(),
        }
    }
}

impl Script {
    fn status(&self) -> Value {
        let id = self.taken.as_ref().map(|(id, _)| id);
        let mut status = json!({
            "vaultId": VAULT_ID, "version": "0.1.0",
            "anchor": {"generation": 1, "digest": "00", "auditSequence": 0, "auditHash": ""},
            "policy": id, "fence": id.map(|id| &id["generation"]),
            "seal": {"kind": "KubernetesSecret", "keyId": "k", "unsealed": true},
            "storageProblem": null, "auditProblem": null, "rollback": null,
        });
        if let Some(claim) = &self.claim {
            claim(&mut status);
        }
        status
    }
}

async fn answer(State(admin): State<Admin>, method: Method, uri: Uri, body: Bytes) -> Response {
    let path = uri.path();
    let reply = {
        let mut script = admin.0.lock();
        script.asked.push((method.clone(), path.to_owned(), body.clone()));
        script.replies.get(&(method.clone(), path.to_owned())).cloned()
    };
    match reply {
        Some(Reply::Json(status, value)) => (status, Json(value)).into_response(),
        Some(Reply::Bytes(bytes)) => bytes.into_response(),
        Some(Reply::Never) => std::future::pending().await,
        Some(Reply::Late(after)) => {
            tokio::time::sleep(after).await;
            admin.say(&method, path, &body)
        }
        None => admin.say(&method, path, &body),
    }
}

/// The SHA-256 of some bytes, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}
