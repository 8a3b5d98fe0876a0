//! Who may read nothing learns nothing: what is there and what is not cost the same work, which is none.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use strongroom_core::{Domains, VaultRef};
use strongroom_engine::store::{
    Batch, CommitError, Gen, Key, Limits, MemoryStore, Page, Purpose, Snapshot, Store, StoreError, Value,
};
use strongroom_serving::{
    accept::{Handler as _, Peer},
    tls::ServingCertificate,
};
use strongroom_testing::vault::{Files, put, set};
use strongroom_vault::rest::{Api, ApiConfig, DataPort};

use crate::fixture::{API, Account, access, allow, token};

const STRANGER: Account = Account {
    name: "shop/stranger",
    pod: "pod-2",
};

/// A store that counts its reads.
#[derive(Default)]
pub struct Counted {
    store: MemoryStore,
    reads: Arc<AtomicUsize>,
}

struct CountedSnapshot {
    snapshot: Arc<dyn Snapshot>,
    reads: Arc<AtomicUsize>,
}

impl Store for Counted {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        Ok(Arc::new(CountedSnapshot {
            snapshot: self.store.snapshot()?,
            reads: Arc::clone(&self.reads),
        }))
    }

    fn commit(&self, expect: Gen, batch: &Batch, purpose: Purpose) -> Result<Gen, CommitError> {
        self.store.commit(expect, batch, purpose)
    }

    fn limits(&self) -> Limits {
        self.store.limits()
    }
}

impl Snapshot for CountedSnapshot {
    fn generation(&self) -> Gen {
        self.snapshot.generation()
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.snapshot.get(key)
    }

    fn scan(&self, prefix: &Key, after: Option<&Key>, limit: usize) -> Result<Page, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.snapshot.scan(prefix, after, limit)
    }
}

fn port(fixture: &Files) -> (DataPort, strongroom_vault::service::Service) {
    let service = fixture.service();
    let config = ApiConfig {
        vault: VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
        domains: Domains::of_cluster("cluster.local"),
        identity_url: "https://identity.test".into(),
        certificate: ServingCertificate::load(&fixture.path("tls")).unwrap(),
    };
    let api = Api::new(access(&service), &service, config);
    (DataPort::new(api), service)
}

async fn ask(port: &DataPort, token: &str, (method, path): (&str, &str)) -> Response<Body> {
    let body = if method == "PUT" { r#"{"value":"v"}"# } else { "{}" };
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{path}?api-version=7.4"))
        .header("host", "prod.team-a.svc")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(body))
        .unwrap();
    request.extensions_mut().insert(Peer {
        address: "10.0.0.1:1".parse().unwrap(),
        tls: None,
        certificates: Arc::default(),
    });
    port.handle(request).await
}

/// Every operation on one name.
fn operations(name: &str) -> Vec<(&'static str, String)> {
    let version = "0123456789abcdef0123456789abcdef";
    vec![
        ("GET", format!("/secrets/{name}")),
        ("GET", format!("/secrets/{name}/{version}")),
        ("GET", format!("/secrets/{name}/versions")),
        ("PUT", format!("/secrets/{name}")),
        ("PATCH", format!("/secrets/{name}/{version}")),
        ("DELETE", format!("/secrets/{name}")),
        ("POST", format!("/secrets/{name}/backup")),
        ("GET", format!("/deletedsecrets/{name}")),
        ("DELETE", format!("/deletedsecrets/{name}")),
        ("POST", format!("/deletedsecrets/{name}/recover")),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_an_account_without_permission_a_missing_object_is_a_forbidden_one_without_a_look_at_the_store() {
    let store = Arc::new(Counted::default());
    let reads = Arc::clone(&store.reads);
    let fixture = Files::on(store);
    let (port, service) = port(&fixture);
    set(&service, "there", "value");
    put(&service, (1, 1), vec![allow(&[&API.uid()])]).unwrap();
    let (permitted, stranger) = (token(&fixture, API), token(&fixture, STRANGER));
    let before = reads.load(Ordering::Relaxed);
    assert_eq!(
        ask(&port, &permitted, ("GET", "/secrets/there")).await.status(),
        200
    );
    assert!(
        reads.load(Ordering::Relaxed) > before,
        "a permitted read is counted"
    );
    for (there, missing) in operations("there").into_iter().zip(operations("gone")) {
        let mut answers = Vec::new();
        for (method, path) in [there, missing] {
            let before = reads.load(Ordering::Relaxed);
            let answer = ask(&port, &stranger, (method, &path)).await;
            assert_eq!(
                reads.load(Ordering::Relaxed),
                before,
                "{method} {path} looks at the store"
            );
            assert_eq!(answer.status(), 403, "{method} {path}");
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            answers.push(String::from_utf8(body.to_vec()).unwrap());
        }
        assert_eq!(answers[0], answers[1]);
    }
}
