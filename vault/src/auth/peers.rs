//! Pulls the keys of every identity replica over TLS, from addresses found by name.

mod fetch;
mod refused;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures::future::join_all;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use strongroom_core::causes;
use strongroom_serving::tls::{TlsError, client_config};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

use super::{KeyRing, KeySetError};
use crate::clock::Clock;

/// How often every peer is asked.
const INTERVAL: Duration = Duration::from_mins(1);

/// The shortest time between two rounds, however many unknown keys are presented.
const MIN_INTERVAL: Duration = Duration::from_secs(2);

/// How long one round may take.
const ROUND: Duration = Duration::from_secs(3);

/// The most replicas asked.
const MAX_PEERS: usize = 16;

/// Why the peers' keys could not be pulled.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The name does not resolve.
    #[error("cannot resolve {peers}")]
    Resolve {
        /// The DNS name and the port of the identity service.
        peers: String,
        /// The resolver's error.
        source: std::io::Error,
    },
    /// The name resolves to nothing.
    #[error("{peers} has no address")]
    NoAddress {
        /// The DNS name and the port of the identity service.
        peers: String,
    },
    /// The pinned name is no DNS name.
    #[error("{0:?} is not a DNS name")]
    ServerName(String, #[source] InvalidDnsNameError),
    /// The trust bundle cannot be used.
    #[error("cannot trust the identity peers")]
    Trust(#[source] TlsError),
    /// One peer did not answer as it should.
    #[error("cannot fetch the keys of {address}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Fetch {
        address: SocketAddr,
        source: fetch::FetchError,
    },
    /// One peer served something that is no key set.
    #[error("cannot read the keys of {address}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Keys {
        address: SocketAddr,
        source: KeySetError,
    },
    /// The round took too long.
    #[error("the identity peers did not answer within {} s", ROUND.as_secs())]
    Timeout,
}

/// The identity service's replicas.
#[derive(Debug)]
pub struct Peers {
    name: String,
    server_name: ServerName<'static>,
    trust_bundle: PathBuf,
    refused: PathBuf,
    keys: Arc<KeyRing>,
    clock: Clock,
    last_round: Mutex<Option<Instant>>,
}

impl Peers {
    /// The replicas behind `name` (`HOST:PORT`), which must show a certificate for `server_name` from an authority in
    /// the PEM file `trust_bundle`. The file `refused-keys` beside that one names keys that none may sign with.
    pub fn new(
        name: String,
        server_name: &str,
        trust_bundle: &Path,
        clock: Clock,
    ) -> Result<Self, PeerError> {
        let server_name = ServerName::try_from(server_name.to_owned())
            .map_err(|error| PeerError::ServerName(server_name.to_owned(), error))?;
        let refused = trust_bundle.with_file_name(refused::FILE);
        let trust_bundle = trust_bundle.to_owned();
        let keys = Arc::default();
        Ok(Self {
            name,
            server_name,
            trust_bundle,
            refused,
            keys,
            clock,
            last_round: Mutex::new(None),
        })
    }

    /// The keys pulled so far.
    pub fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&self.keys)
    }

    /// Keeps pulling: every minute, and every two seconds until the first key.
    pub async fn run(&self) {
        loop {
            self.round_unless(|| false).await;
            sleep(if self.keys.is_empty() {
                MIN_INTERVAL
            } else {
                INTERVAL
            })
            .await;
        }
    }

    /// Asks for the key `id`, unless a caller did within two seconds. Callers that wait share one round.
    pub(super) async fn refresh_for(&self, id: &str) {
        self.round_unless(|| self.keys.get(id, self.clock.now()).is_some())
            .await;
    }

    async fn round_unless(&self, known: impl Fn() -> bool) {
        let mut last = self.last_round.lock().await;
        let too_soon = last.is_some_and(|last| last.elapsed() < MIN_INTERVAL);
        if too_soon || known() {
            return;
        }
        match refused::read(&self.refused) {
            Ok(ids) => self.keys.refuse(ids),
            Err(error) => tracing::warn!(%error, "the refused keys stay what they were"),
        }
        let outcome = timeout(ROUND, self.round())
            .await
            .unwrap_or(Err(PeerError::Timeout));
        *last = Some(Instant::now());
        if let Err(error) = outcome {
            tracing::warn!(error = %causes(&error), "cannot pull keys from the identity service");
        }
    }

    /// One round over every address. What one replica answers is taken even when another does not.
    async fn round(&self) -> Result<(), PeerError> {
        let addresses = self.resolve().await?;
        let tls = client_config(&self.trust_bundle).map_err(PeerError::Trust)?;
        let fetched = join_all(addresses.into_iter().map(|address| {
            let tls = Arc::clone(&tls);
            async move { self.pull(address, tls).await }
        }));
        fetched.await.into_iter().collect()
    }

    async fn pull(&self, address: SocketAddr, tls: Arc<rustls::ClientConfig>) -> Result<(), PeerError> {
        let body = fetch::keys(address, self.server_name.clone(), tls)
            .await
            .map_err(|source| PeerError::Fetch { address, source })?;
        self.keys
            .learn(&body, self.clock.now())
            .map_err(|source| PeerError::Keys { address, source })
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>, PeerError> {
        let found = tokio::net::lookup_host(&self.name)
            .await
            .map_err(|source| PeerError::Resolve {
                peers: self.name.clone(),
                source,
            })?;
        let mut addresses: Vec<SocketAddr> = found.collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses.truncate(MAX_PEERS);
        if addresses.is_empty() {
            return Err(PeerError::NoAddress {
                peers: self.name.clone(),
            });
        }
        Ok(addresses)
    }
}
