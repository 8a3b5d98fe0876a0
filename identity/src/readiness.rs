//! Whether this replica can serve clients: it serves its key under its name, and the API server reviews tokens.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use strongroom_client::{Route, Server, Trust, TrustError, identity::IdentityClient};

use crate::{cluster_keys::ClusterKeysError, review, review::ReviewError, routes::Service};

/// How often everything is checked once it was in order, and until then.
const INTERVAL: Duration = Duration::from_secs(10);
const FIRST_INTERVAL: Duration = Duration::from_millis(500);

/// How old the cluster's keys may become.
const KEYS_AGE: Duration = Duration::from_mins(5);

/// Why a replica is not ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReady {
    /// The CA bundle cannot be read.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The replica's own listener does not answer under its name and the CA that clients trust.
    #[error("the replica's own key set cannot be read: {0}")]
    Keys(#[from] strongroom_client::identity::ExchangeError),
    /// The listener serves another key.
    #[error("the replica's own key is not in the key set that it serves")]
    OtherKey,
    /// The API server does not give its keys.
    #[error(transparent)]
    ClusterKeys(#[from] ClusterKeysError),
    /// The API server does not review tokens.
    #[error("token reviews do not work: {0}")]
    Review(ReviewError),
}

/// The state that `/readyz` shows.
#[derive(Debug, Default)]
pub(crate) struct Readiness {
    draining: AtomicBool,
    /// `None`: ready.
    problem: Mutex<Option<String>>,
}

impl Readiness {
    /// Not ready yet.
    pub(crate) fn starting() -> Arc<Self> {
        Arc::new(Self {
            draining: AtomicBool::new(false),
            problem: Mutex::new(Some("starting".to_owned())),
        })
    }

    /// From now on never ready again.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// What is wrong, if anything.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.draining.load(Ordering::Relaxed) {
            return Some("draining".to_owned());
        }
        self.problem.lock().clone()
    }

    /// Logs a change once.
    fn set(&self, found: Option<String>) {
        let mut problem = self.problem.lock();
        if *problem != found {
            if let Some(reason) = &found {
                tracing::warn!(reason, "not ready");
            } else {
                tracing::info!("ready");
            }
            *problem = found;
        }
    }

    /// Checks for ever.
    pub(crate) async fn keep_checking(&self, service: &Service, own: &OwnListener) {
        loop {
            let found = check(service, own).await.err().map(|error| error.to_string());
            let interval = if found.is_none() { INTERVAL } else { FIRST_INTERVAL };
            self.set(found);
            tokio::time::sleep(interval).await;
        }
    }
}

/// How a replica reaches its own listener as clients would.
#[derive(Debug)]
pub(crate) struct OwnListener {
    /// The name in its certificate.
    pub(crate) host: String,
    pub(crate) address: std::net::SocketAddr,
    /// The CA bundle that clients trust.
    pub(crate) trust_bundle: std::path::PathBuf,
}

async fn check(service: &Service, own: &OwnListener) -> Result<(), NotReady> {
    let exchange = service.exchange();
    // A new client for each check: it must make a new connection, as new clients do.
    let trust = Trust::from_file(&own.trust_bundle)?;
    let server = Server::new(&own.host).by(Route::Socket(own.address));
    let ids = IdentityClient::new(&server, &exchange.settings.tenant, trust)
        .key_ids()
        .await?;
    if !ids.iter().any(|id| id == exchange.signing_key.id()) {
        return Err(NotReady::OtherKey);
    }
    if let Err(error) = exchange.cluster_keys.refresh(KEYS_AGE).await {
        tracing::warn!(%error, "the cluster's keys cannot be read");
    }
    if !exchange.cluster_keys.are_known() {
        exchange.cluster_keys.refresh(FIRST_INTERVAL).await?;
    }
    review::review(&exchange.client, "readiness", &exchange.settings.audiences)
        .await
        .map(drop)
        .map_err(NotReady::Review)
}
