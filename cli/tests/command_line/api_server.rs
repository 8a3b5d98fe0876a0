//! An API server that knows one account, one policy and the trust bundle, and grants no token.

use std::path::{Path, PathBuf};

use axum::{
    Json, Router,
    routing::{get, post},
};
use http::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;

pub struct ApiServer {
    kubeconfig: PathBuf,
    _directory: TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl ApiServer {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let tcp = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = tcp.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(tcp, router()).await.unwrap() });
        let directory = tempfile::tempdir().unwrap();
        let kubeconfig = directory.path().join("config");
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{ "name": "test", "cluster": { "server": format!("http://{address}") } }],
            "users": [{ "name": "test", "user": { "token": "t" } }],
            "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
        });
        std::fs::write(&kubeconfig, config.to_string()).unwrap();
        Self {
            kubeconfig,
            _directory: directory,
            _runtime: runtime,
        }
    }

    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }
}

fn router() -> Router {
    Router::new()
        .route(
            "/api/v1/namespaces/shop/serviceaccounts/api",
            get(async || Json(account())),
        )
        .route(
            "/apis/strongroom.dev/v1alpha1/namespaces/team-a/accesspolicies",
            get(async || Json(policies())),
        )
        .route(
            "/api/v1/namespaces/strongroom-system/configmaps/strongroom-trust-bundle",
            get(async || Json(trust_bundle())),
        )
        .route(
            "/api/v1/namespaces/shop/serviceaccounts/api/token",
            post(async || (StatusCode::FORBIDDEN, Json(forbidden()))),
        )
}

fn account() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": "api", "namespace": "shop", "uid": "5b1c2f0e-1111-2222-3333-444455556666" },
    })
}

fn policies() -> Value {
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicyList", "metadata": {},
        "items": [{
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
            "metadata": { "name": "shop-reads-db", "namespace": "team-a", "generation": 1 },
            "spec": {
                "vaultRef": { "name": "prod" }, "effect": "Allow", "objects": ["db-*"],
                "subjects": [{ "serviceAccount": { "namespace": "shop", "name": "api" } }],
                "permissions": { "secrets": ["get"] },
            },
            "status": { "observedGeneration": 1, "conditions": [{
                "type": "Enforced", "status": "True", "reason": "Confirmed", "message": "m",
                "observedGeneration": 1, "lastTransitionTime": "2026-11-22T00:00:00Z",
            }] },
        }],
    })
}

/// A CA made for this test and used nowhere.
fn trust_bundle() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "strongroom-trust-bundle", "namespace": "strongroom-system" },
        "data": { "ca.crt": ca() },
    })
}

fn ca() -> String {
    rcgen::generate_simple_self_signed(["test".to_owned()])
        .unwrap()
        .cert
        .pem()
}

fn forbidden() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403,
        "message": "serviceaccounts \"api\" is forbidden: User \"test\" cannot create resource \"serviceaccounts/token\"",
        "metadata": {},
    })
}
