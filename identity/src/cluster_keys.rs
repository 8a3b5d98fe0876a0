//! The cluster's keys and issuer, fetched from the API server and kept.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::Request;
use kube::Client;
use parking_lot::RwLock;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::presented::{KeySet, KeySetError};

/// How soon after one fetch an unknown key id can cause the next: made-up tokens cost nothing.
const MIN_INTERVAL: Duration = Duration::from_secs(3);

/// Why the keys are not known.
#[derive(Debug, thiserror::Error)]
pub enum ClusterKeysError {
    /// The API server does not answer or refuses.
    #[error("cannot read {path} of the API server: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Api { path: &'static str, source: kube::Error },
    /// The path cannot be asked for.
    #[error("cannot ask the API server: {0}")]
    Request(http::Error),
    /// The answer is not a key set.
    #[error(transparent)]
    Keys(#[from] KeySetError),
}

/// The keys and issuers by which tokens are accepted.
#[derive(Default)]
pub(crate) struct ClusterTrust {
    pub(crate) keys: KeySet,
    pub(crate) issuers: Vec<String>,
}

/// The cluster's keys.
pub(crate) struct ClusterKeys {
    client: Client,
    further_issuers: Vec<String>,
    current: RwLock<Arc<ClusterTrust>>,
    fetched: Mutex<Option<Instant>>,
}

impl ClusterKeys {
    pub(crate) fn new(client: Client, further_issuers: Vec<String>) -> Self {
        Self {
            client,
            further_issuers,
            current: RwLock::default(),
            fetched: Mutex::default(),
        }
    }

    /// The keys, fetched anew when `key_id` is not among them and the last fetch is some seconds ago.
    pub(crate) async fn with(&self, key_id: &str) -> Result<Arc<ClusterTrust>, ClusterKeysError> {
        let current = self.current();
        if current.keys.contains(key_id) {
            return Ok(current);
        }
        self.refresh(MIN_INTERVAL).await?;
        Ok(self.current())
    }

    /// Fetches unless the last fetch was less than `interval` ago. Callers that come during a fetch wait for that one.
    pub(crate) async fn refresh(&self, interval: Duration) -> Result<(), ClusterKeysError> {
        let mut fetched = self.fetched.lock().await;
        if fetched.is_some_and(|at| at.elapsed() < interval) {
            return Ok(());
        }
        // Failures count too: an API server in trouble must not be asked for each made-up token.
        *fetched = Some(Instant::now());
        let trusted = self.fetch().await?;
        *self.current.write() = Arc::new(trusted);
        Ok(())
    }

    /// Whether keys have been fetched at all.
    pub(crate) fn are_known(&self) -> bool {
        !self.current().issuers.is_empty()
    }

    fn current(&self) -> Arc<ClusterTrust> {
        Arc::clone(&self.current.read())
    }

    async fn fetch(&self) -> Result<ClusterTrust, ClusterKeysError> {
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
        }
        let discovery = self.get("/.well-known/openid-configuration").await?;
        let Discovery { issuer } = serde_json::from_str(&discovery).map_err(KeySetError::Form)?;
        let keys = KeySet::parse(&self.get("/openid/v1/jwks").await?)?;
        let issuers = std::iter::once(issuer)
            .chain(self.further_issuers.iter().cloned())
            .collect();
        Ok(ClusterTrust { keys, issuers })
    }

    async fn get(&self, path: &'static str) -> Result<String, ClusterKeysError> {
        let request = Request::get(path)
            .body(Vec::new())
            .map_err(ClusterKeysError::Request)?;
        self.client
            .request_text(request)
            .await
            .map_err(|source| ClusterKeysError::Api { path, source })
    }
}
