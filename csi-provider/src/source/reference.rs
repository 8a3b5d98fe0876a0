//! Reading a SecretRef: one GET, in the pod's namespace.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::StatusCode;
use kube::{Api, Client, core::DeserializeGuard};
use parking_lot::Mutex;
use strongroom_core::{Delays, ResourceName, SecretRefName};
use strongroom_crds::{ApiError, SecretRef, condition::AUTHORIZED};
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, sleep_until},
};

use crate::volume::spec::{SpecError, VolumeSpec};

/// The least time between two readings that vaults are the reason of, after readings that brought nothing new.
const BETWEEN_READS: Delays = Delays {
    first: Duration::from_millis(250),
    longest: Duration::from_secs(2),
};
/// For how long a reading is remembered.
const REMEMBERED: Duration = Duration::from_secs(10);
/// The time for one read.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why a SecretRef cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReferenceError {
    /// There is none of that name.
    #[error("SecretRef {secret_ref} does not exist")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    NotFound { secret_ref: SecretRefName },
    /// The API server could not be asked.
    #[error("SecretRef {secret_ref} cannot be read: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Api {
        secret_ref: SecretRefName,
        source: ApiError,
    },
    /// The API server did not answer.
    #[error("SecretRef {secret_ref} cannot be read: the API server did not answer within {} s", DEADLINE.as_secs())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Slow { secret_ref: SecretRefName },
    /// The object is not of the shape this release knows.
    #[error("SecretRef {secret_ref} cannot be understood by this release: {reason}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Shape {
        secret_ref: SecretRefName,
        /// What the deserialiser says.
        reason: String,
    },
    /// What it asks for cannot be mounted.
    #[error("SecretRef {secret_ref} cannot be mounted: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Spec {
        secret_ref: SecretRefName,
        source: SpecError,
    },
}

impl ReferenceError {
    /// Whether it may be readable later without anyone editing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Slow { .. } => true,
            Self::NotFound { .. } | Self::Shape { .. } | Self::Spec { .. } => false,
            Self::Api { source, .. } => source.code().is_none_or(|code| code >= 500 || code == 429),
        }
    }
}

/// What a SecretRef says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referred {
    /// What it asks for.
    pub spec: VolumeSpec,
    /// The service account, of the SecretRef's namespace, that its conditions are about. Any account may mount the SecretRef;
    /// `None` where the API server gave something that is no name.
    pub checked_for: Option<ResourceName>,
}

/// Reads `SecretRef`s.
#[derive(Clone)]
pub struct References {
    client: Client,
    readings: Arc<Mutex<BTreeMap<SecretRefName, Arc<AsyncMutex<Reading>>>>>,
}

/// Why a SecretRef is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// A pod mounts it.
    Mount,
    /// A vault says that it changed.
    Vault,
}

/// The last reading of one SecretRef, which serves every volume that asked before the reading began. The volume that reads
/// holds the lock.
#[derive(Default)]
struct Reading {
    last: Option<(Instant, Result<Referred, ReferenceError>)>,
    /// How many readings that vaults were the reason of brought what the one before brought, in a row.
    in_vain: u32,
}

impl Reading {
    /// What the last one brought, if it began after `asked_at`.
    fn since(&self, asked_at: Instant) -> Option<Result<Referred, ReferenceError>> {
        let (_, read) = self.last.as_ref().filter(|(began, _)| *began >= asked_at)?;
        Some(read.clone())
    }

    /// When the next one may begin that a vault is the reason of.
    fn next(&self) -> Option<Instant> {
        let (began, _) = self.last.as_ref().filter(|_| self.in_vain > 0)?;
        Some(*began + BETWEEN_READS.after(self.in_vain))
    }

    fn keep(&mut self, began: Instant, reason: Reason, read: &Result<Referred, ReferenceError>) {
        let is_same = match (&self.last, read) {
            (Some((_, Ok(before))), Ok(now)) => before == now,
            (Some((_, Err(_))), Err(_)) => true,
            _ => false,
        };
        self.in_vain = if is_same {
            self.in_vain.saturating_add(u32::from(reason == Reason::Vault))
        } else {
            0
        };
        self.last = Some((began, read.clone()));
    }

    fn is_recent(&self) -> bool {
        self.last
            .as_ref()
            .is_some_and(|(began, _)| began.elapsed() < REMEMBERED)
    }
}

impl References {
    /// Reads with the rights of `client`.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            readings: Arc::default(),
        }
    }

    /// What `secret_ref` asks for now. Volumes that ask together share one reading.
    pub async fn read(&self, secret_ref: &SecretRefName) -> Result<Referred, ReferenceError> {
        self.read_for(Reason::Mount, secret_ref).await
    }

    /// The same for a volume whose vault says that it changed: the volumes of a node have it read the more seldom, the more
    /// often that was not so.
    pub async fn read_again(&self, secret_ref: &SecretRefName) -> Result<Referred, ReferenceError> {
        self.read_for(Reason::Vault, secret_ref).await
    }

    async fn read_for(&self, reason: Reason, secret_ref: &SecretRefName) -> Result<Referred, ReferenceError> {
        let asked_at = Instant::now();
        let shared = self.reading(secret_ref);
        loop {
            let mut reading = shared.lock().await;
            if let Some(read) = reading.since(asked_at) {
                return read;
            }
            let earliest = match reason {
                Reason::Mount => None,
                Reason::Vault => reading.next().filter(|earliest| *earliest > Instant::now()),
            };
            let Some(earliest) = earliest else {
                let began = Instant::now();
                let read = self.read_once(secret_ref).await;
                reading.keep(began, reason, &read);
                return read;
            };
            // A mount that asks meanwhile does not wait for what a vault said.
            drop(reading);
            sleep_until(earliest).await;
        }
    }

    fn reading(&self, secret_ref: &SecretRefName) -> Arc<AsyncMutex<Reading>> {
        let mut readings = self.readings.lock();
        // What is locked is in use.
        readings.retain(|_, reading| {
            reading.try_lock().is_ok_and(|reading| reading.is_recent()) || Arc::strong_count(reading) > 1
        });
        Arc::clone(readings.entry(secret_ref.clone()).or_default())
    }

    async fn read_once(&self, secret_ref: &SecretRefName) -> Result<Referred, ReferenceError> {
        let read = tokio::time::timeout(DEADLINE, self.api(secret_ref).get(secret_ref.name.as_str()))
            .await
            .map_err(|_| ReferenceError::Slow {
                secret_ref: secret_ref.clone(),
            })?
            .map_err(|source| failed(source, secret_ref))?;
        let found = read.0.map_err(|invalid| ReferenceError::Shape {
            secret_ref: secret_ref.clone(),
            reason: invalid.error.chars().take(200).collect(),
        })?;
        let spec = VolumeSpec::parse(&found.spec).map_err(|source| ReferenceError::Spec {
            secret_ref: secret_ref.clone(),
            source,
        })?;
        Ok(Referred {
            spec,
            checked_for: found.spec.service_account_name.parse().ok(),
        })
    }

    fn api(&self, secret_ref: &SecretRefName) -> Api<DeserializeGuard<SecretRef>> {
        Api::namespaced(self.client.clone(), secret_ref.namespace.as_str())
    }

    /// Whether the SecretRef's status says that policy lets `account` read what it asks for. The vault decided that; it
    /// is asked for only where the vault itself cannot be.
    pub async fn permits(&self, secret_ref: &SecretRefName, account: &ResourceName) -> bool {
        let read = tokio::time::timeout(DEADLINE, self.api(secret_ref).get(secret_ref.name.as_str())).await;
        let Ok(Ok(DeserializeGuard(Ok(found)))) = read else {
            return false;
        };
        let conditions = found.status.map(|status| status.conditions).unwrap_or_default();
        found.spec.service_account_name == account.as_str()
            && conditions
                .iter()
                .any(|condition| condition.type_ == AUTHORIZED && condition.status == "True")
    }
}

fn failed(source: kube::Error, secret_ref: &SecretRefName) -> ReferenceError {
    let secret_ref = secret_ref.clone();
    let source = ApiError::from(source);
    if source.code() == Some(StatusCode::NOT_FOUND.as_u16()) {
        ReferenceError::NotFound { secret_ref }
    } else {
        ReferenceError::Api { secret_ref, source }
    }
}
