//! Vaults that answer the operator, and keep what they were told.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::json;
use strongroom_client::Route;
use strongroom_core::{
    Bundle, BundlePolicy, Effect, Generation, NamespaceName, Permission, SecretRefName, VaultName,
};
use strongroom_operator::{context::Context, fleet::InForce, pki::Leaf};
use strongroom_wire::admin::{PolicyStatus, RefVolumes, Resolve, Resolved, Volumes, path};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::api_server::ApiServer;

/// The vaults, by name.
#[derive(Clone, Default)]
pub struct Fleet(Arc<Mutex<BTreeMap<String, Vault>>>);

/// A vault of namespace `team-a`.
#[derive(Clone)]
pub struct Vault {
    address: SocketAddr,
    state: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    refuses: bool,
    hangs: bool,
    told: Vec<String>,
    volumes: Vec<SecretRefName>,
}

impl Fleet {
    /// The way to a vault of this fleet; a closed port for any other.
    pub fn route(&self, name: &VaultName, _: &NamespaceName) -> Route {
        let vaults = self.0.lock().unwrap();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        Route::Socket(vaults.get(name.as_str()).map_or(nowhere, |vault| vault.address))
    }

    /// Starts the vault `name`, whose object is at `server`, and brings it a policy that lets account `uid-api` read
    /// everything.
    pub async fn start(&self, context: &Context, name: &str) -> Vault {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let vault = Vault {
            address: tcp.local_addr().unwrap(),
            state: Arc::default(),
        };
        self.0.lock().unwrap().insert(name.to_owned(), vault.clone());
        tokio::spawn(serve(tcp, tls(context, name), vault.router()));
        let policy = BundlePolicy {
            name: "shop-reads".to_owned(),
            effect: Effect::Allow,
            subjects: vec!["uid-api".parse().unwrap()],
            objects: vec!["*".parse().unwrap()],
            permissions: [Permission::SecretGet].into_iter().collect(),
        };
        let status = PolicyStatus {
            generation: Generation { epoch: 1, n: 1 },
            hash: "0".repeat(64),
        };
        let bundle = Bundle::new("vault".to_owned(), status.generation, vec![policy]);
        let member = context.fleet.member(&format!("uid-{name}"));
        member.lock().await.in_force = Some(InForce::new(bundle, status, false));
        vault
    }
}

/// Puts the object of a vault where the operator reads it.
pub fn declare(server: &ApiServer, name: &str) {
    server.put(
        &format!("/apis/strongroom.dev/v1alpha1/namespaces/team-a/vaults/{name}"),
        json!({"apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault",
            "metadata": {"name": name, "namespace": "team-a", "uid": format!("uid-{name}")}, "spec": {}}),
    );
}

impl Vault {
    /// Takes word of nothing from now on, or again.
    pub fn refuses(&self, refuses: bool) {
        self.state.lock().unwrap().refuses = refuses;
    }

    /// Answers no word any more.
    pub fn hangs(&self) {
        self.state.lock().unwrap().hangs = true;
    }

    /// Has volumes of these `SecretRef`s of namespace `shop`, and no others.
    pub fn holds(&self, names: &[&str]) {
        self.state.lock().unwrap().volumes = names
            .iter()
            .map(|name| SecretRefName {
                namespace: "shop".parse().unwrap(),
                name: name.parse().unwrap(),
            })
            .collect();
    }

    /// What it was told since it was last asked.
    pub fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().told)
    }

    fn router(&self) -> Router {
        Router::new()
            .route(path::REF_CHANGED, post(ref_changed))
            .route(path::VOLUMES, get(volumes))
            .route(path::RESOLVE, post(resolve))
            .with_state(self.clone())
    }
}

async fn ref_changed(State(vault): State<Vault>, Json(changed): Json<SecretRefName>) -> StatusCode {
    let hangs = vault.state.lock().unwrap().hangs;
    if hangs {
        std::future::pending::<()>().await;
    }
    let mut state = vault.state.lock().unwrap();
    if state.refuses {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    state.told.push(changed.name.to_string());
    StatusCode::NO_CONTENT
}

async fn volumes(State(vault): State<Vault>) -> Json<Volumes> {
    let one = |secret_ref: &SecretRefName| RefVolumes {
        secret_ref: secret_ref.clone(),
        total: 1,
        current: 1,
        outdated: 0,
        failing: 0,
    };
    let refs = vault.state.lock().unwrap().volumes.iter().map(one).collect();
    Json(Volumes { refs })
}

async fn resolve(Json(question): Json<Resolve>) -> Json<Resolved> {
    let available = json!({"state": "Available", "version": "0123456789abcdef0123456789abcdef"});
    let objects = question.objects.iter().map(|_| available.clone());
    let objects: Vec<_> = objects
        .map(|state| serde_json::from_value(state).unwrap())
        .collect();
    Json(Resolved { objects })
}

fn tls(context: &Context, name: &str) -> TlsAcceptor {
    let leaf = Leaf::Server {
        names: vec![format!("{name}.team-a.svc")],
    };
    let authorities = context.authorities.read();
    let issued = authorities
        .serving
        .current
        .issue(&leaf, OffsetDateTime::now_utc());
    let (certificate, key) = issued.unwrap();
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(tcp: TcpListener, tls: TlsAcceptor, router: Router) {
    while let Ok((stream, _)) = tcp.accept().await {
        let (tls, service) = (tls.clone(), TowerToHyperService::new(router.clone()));
        tokio::spawn(async move {
            if let Ok(stream) = tls.accept(stream).await {
                let builder = Builder::new(TokioExecutor::new());
                drop(builder.serve_connection(TokioIo::new(stream), service).await);
            }
        });
    }
}
