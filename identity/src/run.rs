//! Wiring: starts the service and ends it.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use kube::{Client, Config};
use prometheus_client::registry::Registry;
use strongroom_serving::{
    accept::{self, Drain, Limits, Listener},
    health,
    signal::Termination,
    tls::{ServingCertificate, TlsError, server_config},
};

use crate::{
    arguments::Arguments,
    clock::Clock,
    cluster_keys::ClusterKeys,
    exchange::Exchange,
    health::ReplicaHealth,
    metrics::Metrics,
    readiness::{OwnListener, Readiness},
    routes::{self, REQUESTS_PER_SOURCE, Service},
    settings::{Settings, SettingsError},
    signing_key::{SigningError, SigningKey},
};

/// What the token endpoint takes of peers that have proved nothing. A client asks for one token and goes, so that the
/// endpoint needs less of everything than a vault.
const LIMITS: Limits = Limits {
    connections: 2048,
    connections_per_source: 64,
    connections_per_second: 32,
    handshakes: 512,
    handshakes_per_source: 32,
    handshake_timeout: Duration::from_secs(5),
    head_timeout: Duration::from_secs(5),
    idle_timeout: Duration::from_mins(2),
    patience: Duration::from_secs(10),
    head_bytes: 16 << 10,
    headers: 64,
    keeps_alive: true,
    streams: 128,
    unproven_per_source: REQUESTS_PER_SOURCE,
    requests_per_source: REQUESTS_PER_SOURCE,
    pinned_bytes: 24 << 20,
};

/// The time for one request to the API server.
const API_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The arguments are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The API server's address or the pod's credentials cannot be found.
    #[error("cannot find the API server: {0}")]
    Config(#[from] kube::config::InferConfigError),
    /// No client of the API server.
    #[error("cannot make a client of the API server: {0}")]
    Client(#[from] kube::Error),
    /// No signing key.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The serving certificate cannot be used.
    #[error("cannot serve TLS")]
    Tls(#[from] TlsError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Listen { address: SocketAddr, source: io::Error },
    /// Signals cannot be received.
    #[error("cannot wait for signals: {0}")]
    Signal(io::Error),
}

/// Runs until a signal asks to end, then serves for `arguments.drain_seconds` more.
pub async fn run(arguments: Arguments) -> Result<(), RunError> {
    let mut config = Config::infer().await?;
    config.connect_timeout = Some(API_TIMEOUT);
    config.read_timeout = Some(API_TIMEOUT);
    config.write_timeout = Some(API_TIMEOUT);
    let client = Client::try_from(config)?;
    let mut termination = Termination::listen().map_err(RunError::Signal)?;
    let replica = Replica::start(&arguments, client)?;
    termination.recv().await;
    tracing::info!("draining");
    replica.drain(Duration::from_secs(arguments.drain_seconds)).await;
    Ok(())
}

/// A running replica.
#[derive(Debug)]
pub struct Replica {
    readiness: Arc<Readiness>,
    serving: Drain,
    background: tokio::task::JoinSet<()>,
    address: SocketAddr,
    health_address: SocketAddr,
}

impl Replica {
    /// Starts everything; ready a moment later. To be called on a runtime.
    pub fn start(arguments: &Arguments, client: Client) -> Result<Self, RunError> {
        let settings = Settings::load(arguments)?;
        let certificate = ServingCertificate::load(&arguments.tls_dir)?;
        let tls = server_config(Arc::clone(&certificate))?;
        let refused = |address| move |source| RunError::Listen { address, source };
        let (listen, health_listen) = (arguments.listen, arguments.health_listen);
        let (tcp, address) = accept::bind(listen).map_err(refused(listen))?;
        let (health_tcp, health_address) = accept::bind(health_listen).map_err(refused(health_listen))?;
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let own = own_listener(&settings, address, arguments);
        let service = service(arguments, settings, client, metrics.clone(), Clock::default())?;
        let readiness = Readiness::starting();
        let (router, serving) = (routes::router(Arc::clone(&service)), Drain::default());
        let counts = metrics.connections;
        let listener = Listener::new(tcp, Some(tls), router, LIMITS, counts, serving.clone());
        serving.spawn(listener.run());
        let shown = ReplicaHealth {
            readiness: Arc::clone(&readiness),
            registry,
        };
        let mut background = tokio::task::JoinSet::new();
        background.spawn(health::serve(health_tcp, shown, std::future::pending()));
        background.spawn(async move { certificate.keep_fresh().await });
        let checked = Arc::clone(&readiness);
        background.spawn(async move { checked.keep_checking(&service, &own).await });
        Ok(Self {
            readiness,
            serving,
            background,
            address,
            health_address,
        })
    }

    /// Where the token endpoint listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the health port listens.
    pub fn health_address(&self) -> SocketAddr {
        self.health_address
    }

    /// Serves everything for `time` while `/readyz` answers 503, since clients and vaults still come; then ends.
    pub async fn drain(mut self, time: Duration) {
        self.readiness.drain();
        tokio::time::sleep(time).await;
        self.serving.begin();
        if !self.serving.finished().await {
            tracing::warn!("some requests did not finish in time");
        }
        self.background.shutdown().await;
    }
}

/// What a replica answers at its token endpoint, without a listener. Requests carry their
/// [`Peer`](strongroom_serving::accept::Peer) as an extension. Its tokens are of the time that `clock` says.
pub fn router(arguments: &Arguments, client: Client, clock: Clock) -> Result<Router, RunError> {
    let metrics = Metrics::register(&mut Registry::default());
    let settings = Settings::load(arguments)?;
    service(arguments, settings, client, metrics, clock).map(routes::router)
}

fn service(
    arguments: &Arguments,
    settings: Settings,
    client: Client,
    metrics: Metrics,
    clock: Clock,
) -> Result<Arc<Service>, RunError> {
    let exchange = Exchange {
        clock,
        settings,
        cluster_keys: ClusterKeys::new(client.clone(), arguments.service_account_issuers.clone()),
        client,
        signing_key: SigningKey::generate()?,
        metrics,
    };
    Ok(Service::new(exchange, arguments.exchanges_per_second))
}

fn own_listener(settings: &Settings, address: SocketAddr, arguments: &Arguments) -> OwnListener {
    let host = settings.canonical_host().to_owned();
    let ip = if address.ip().is_unspecified() {
        std::net::Ipv4Addr::LOCALHOST.into()
    } else {
        address.ip()
    };
    let address = SocketAddr::new(ip, address.port());
    OwnListener {
        host,
        address,
        trust_bundle: arguments.trust_bundle.clone(),
    }
}
