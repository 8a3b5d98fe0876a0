//! An API server that knows one account, one policy and the trust bundle, and grants no token.

use std::path::{Path, PathBuf};

use http::Method;
use serde_json::{Value, json};
use strongroom_testing::{Authority, Directory, api_server};

pub struct ApiServer {
    /// What it knows and refuses.
    pub objects: api_server::ApiServer,
    kubeconfig: PathBuf,
    _directory: Directory,
    _runtime: tokio::runtime::Runtime,
}

impl ApiServer {
    pub fn start() -> Self {
        Self::start_with_reason("Confirmed")
    }

    /// The same, whose policy is in force for this reason.
    pub fn start_with_reason(reason: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let objects = server(reason);
        let address = runtime.block_on(objects.serve());
        let directory = Directory::new();
        let kubeconfig = directory.path().join("config");
        std::fs::write(&kubeconfig, api_server::kubeconfig(address)).unwrap();
        Self {
            objects,
            kubeconfig,
            _directory: directory,
            _runtime: runtime,
        }
    }

    /// Moves the trust bundle from the release's namespace into another.
    pub fn move_bundle(&self, namespace: &str) {
        self.objects.remove(&path_of_bundle("strongroom-system"));
        self.objects
            .put(&path_of_bundle(namespace), trust_bundle(namespace));
    }

    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }
}

fn server(reason: &str) -> api_server::ApiServer {
    let server = api_server::ApiServer::default();
    server.put("/api/v1/namespaces/shop/serviceaccounts/api", account());
    server.put(
        "/apis/strongroom.dev/v1alpha1/namespaces/team-a/accesspolicies/shop-reads-db",
        policy(reason),
    );
    server.put(
        &path_of_bundle("strongroom-system"),
        trust_bundle("strongroom-system"),
    );
    let forbidden = "serviceaccounts \"api\" is forbidden: User \"test\" cannot create resource \"serviceaccounts/token\"";
    server.refuse(Method::POST, "/serviceaccounts/api/token", 403, forbidden);
    server
}

fn path_of_bundle(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/configmaps/strongroom-trust-bundle")
}

fn account() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": "api", "namespace": "shop", "uid": "5b1c2f0e-1111-2222-3333-444455556666" },
    })
}

fn policy(reason: &str) -> Value {
    json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "AccessPolicy",
        "metadata": { "name": "shop-reads-db", "namespace": "team-a", "generation": 1 },
        "spec": {
            "vaultRef": { "name": "prod" }, "effect": "Allow", "objects": ["db-*"],
            "subjects": [{ "serviceAccount": { "namespace": "shop", "name": "api" } }],
            "permissions": { "secrets": ["get"] },
        },
        "status": { "observedGeneration": 1, "conditions": [{
            "type": "Enforced", "status": "True", "reason": reason, "message": "m",
            "observedGeneration": 1, "lastTransitionTime": "2026-11-22T00:00:00Z",
        }] },
    })
}

/// A CA made for this test and used nowhere.
fn trust_bundle(namespace: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "strongroom-trust-bundle", "namespace": namespace },
        "data": { "ca.crt": Authority::new("test").pem() },
    })
}
