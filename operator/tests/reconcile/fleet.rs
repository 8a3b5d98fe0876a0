//! Vaults that answer the operator, and keep what was announced to them.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post, put},
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
use strongroom_client::{Route, admin::bundle_hash};
use strongroom_core::{Bundle, BundlePolicy, Effect, Generation, Permission, SecretRefName, VaultRef};
use strongroom_operator::{context::Context, fleet::InForce, pki::Leaf};
use strongroom_testing::ApiServer;
use strongroom_wire::admin::{
    AdminRefusal, Anchor, BundleId, Confirm, RefVolumes, Resolve, Resolved, SealStatus, Status, Volumes, path,
};
use time::OffsetDateTime;
use tokio::{net::TcpListener, sync::Notify};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

/// The vaults, by name.
#[derive(Clone, Default)]
pub struct Fleet(Arc<Mutex<BTreeMap<String, Vault>>>);

/// A vault of namespace `team-a`.
#[derive(Clone)]
pub struct Vault {
    id: Uuid,
    address: SocketAddr,
    state: Arc<Mutex<Said>>,
    pushed: Arc<Notify>,
}

#[derive(Default)]
struct Said {
    refuses: bool,
    hangs: bool,
    /// How long it takes to take an announcement.
    late: Duration,
    /// What becomes of a bundle that is put.
    push: Push,
    /// The bundle in force.
    bundle: Option<Bundle>,
    confirmations: usize,
    announced: Vec<String>,
    volumes: Vec<SecretRefName>,
}

/// What a vault does with a bundle that is put.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Push {
    /// Takes it.
    #[default]
    Taken,
    /// Takes it, and the answer is lost.
    Unanswered,
    /// Does not answer at all.
    Hangs,
}

impl Fleet {
    /// The way to a vault of this fleet; a closed port for any other.
    pub fn route(&self, vault: &VaultRef) -> Route {
        let vaults = self.0.lock().unwrap();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        Route::Socket(
            vaults
                .get(vault.name.as_str())
                .map_or(nowhere, |vault| vault.address),
        )
    }

    /// Starts the vault `name`, whose object is at `server`, and brings it a policy that lets account `uid-api` read
    /// everything.
    pub async fn start(&self, context: &Context, name: &str) -> Vault {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let vault = Vault {
            id: Uuid::from_u128(u128::from(name.as_bytes()[0])),
            address: tcp.local_addr().unwrap(),
            state: Arc::default(),
            pushed: Arc::default(),
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
        let first = Generation { epoch: 1, n: 1 };
        let (in_force, bytes) = InForce::write(vault.id, first, vec![policy], false).unwrap();
        vault.state.lock().unwrap().bundle = Some(serde_json::from_slice(&bytes).unwrap());
        let member = context.fleet.member(&format!("uid-{name}"));
        member.policy.record(in_force);
        vault
    }
}

/// Puts the namespace `shop`, and the account `api` in it, where the operator reads them.
pub fn declare_app(server: &ApiServer) {
    server.put(
        "/api/v1/namespaces/shop",
        json!({"metadata": {"name": "shop", "uid": "uid-shop"}}),
    );
    server.put(
        "/api/v1/namespaces/shop/serviceaccounts/api",
        json!({"metadata": {"name": "api", "namespace": "shop", "uid": "uid-api"}}),
    );
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
    /// Refuses announcements from now on, or takes them again.
    pub fn refuses(&self, refuses: bool) {
        self.state.lock().unwrap().refuses = refuses;
    }

    /// Answers no announcement any more.
    pub fn hangs(&self) {
        self.state.lock().unwrap().hangs = true;
    }

    /// Takes each announcement after so long from now on.
    pub fn is_late(&self, late: Duration) {
        self.state.lock().unwrap().late = late;
    }

    /// Does this with bundles from now on.
    pub fn pushes_are(&self, push: Push) {
        self.state.lock().unwrap().push = push;
    }

    /// Waits until a bundle is put.
    pub async fn wait_for_push(&self) {
        self.pushed.notified().await;
    }

    /// The generation of the bundle in force.
    pub fn generation(&self) -> Generation {
        self.state.lock().unwrap().bundle.as_ref().unwrap().generation
    }

    /// The names of the policies in force.
    pub fn policies(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let policies = state.bundle.iter().flat_map(|bundle| &bundle.policies);
        policies.map(|policy| policy.name.clone()).collect()
    }

    /// How often the policy in force was brought or confirmed.
    pub fn confirmations(&self) -> usize {
        self.state.lock().unwrap().confirmations
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

    /// What was announced to it since it was last asked.
    pub fn announced(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().announced)
    }

    fn router(&self) -> Router {
        Router::new()
            .route(path::REF_CHANGED, post(ref_changed))
            .route(path::VOLUMES, get(volumes))
            .route(path::RESOLVE, post(resolve))
            .route(path::STATUS, get(status))
            .route(path::BUNDLE, put(put_bundle))
            .route(path::CONFIRM, post(confirm))
            .with_state(self.clone())
    }
}

async fn ref_changed(State(vault): State<Vault>, Json(changed): Json<SecretRefName>) -> StatusCode {
    let (hangs, late) = {
        let state = vault.state.lock().unwrap();
        (state.hangs, state.late)
    };
    if hangs {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(late).await;
    let mut state = vault.state.lock().unwrap();
    if state.refuses {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    state.announced.push(changed.name.to_string());
    StatusCode::NO_CONTENT
}

async fn status(State(vault): State<Vault>) -> Json<Status> {
    let state = vault.state.lock().unwrap();
    let policy = state.bundle.as_ref().map(bundle_id);
    Json(Status {
        vault_id: vault.id,
        version: "0.1.0".to_owned(),
        anchor: Anchor {
            generation: 1,
            digest: String::new(),
            is_chained: false,
            audit_sequence: 0,
            audit_hash: String::new(),
        },
        fence: policy.as_ref().map(|policy| policy.generation),
        policy,
        seal: SealStatus {
            kind: "KubernetesSecret".to_owned(),
            key_id: "k".to_owned(),
            unsealed: true,
        },
        storage_problem: None,
        audit_problem: None,
        clock_problem: None,
        usage: None,
        soft_delete: None,
        rollback: None,
    })
}

fn bundle_id(bundle: &Bundle) -> BundleId {
    BundleId {
        generation: bundle.generation,
        hash: bundle_hash(&serde_json::to_vec(bundle).unwrap()),
    }
}

/// Takes a bundle as the vault does: only a greater one.
async fn put_bundle(
    State(vault): State<Vault>,
    Json(bundle): Json<Bundle>,
) -> Result<Json<BundleId>, (StatusCode, Json<AdminRefusal>)> {
    vault.pushed.notify_one();
    let push = vault.state.lock().unwrap().push;
    if push == Push::Hangs {
        std::future::pending::<()>().await;
    }
    let refusal = |status, code: &str| {
        let (code, message) = (code.to_owned(), String::new());
        Err((status, Json(AdminRefusal { code, message })))
    };
    let mut state = vault.state.lock().unwrap();
    let in_force = state.bundle.as_ref().map(|bundle| bundle.generation);
    if in_force >= Some(bundle.generation) {
        return refusal(StatusCode::CONFLICT, "StaleGeneration");
    }
    let id = bundle_id(&bundle);
    state.bundle = Some(bundle);
    state.confirmations += 1;
    if push == Push::Unanswered {
        return refusal(StatusCode::BAD_GATEWAY, "Lost");
    }
    Ok(Json(id))
}

/// Counts confirmations that say what time it is.
async fn confirm(State(vault): State<Vault>, Json(confirm): Json<Confirm>) -> Json<BundleId> {
    vault.state.lock().unwrap().confirmations += usize::from(confirm.time.is_some());
    Json(confirm.policy)
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
