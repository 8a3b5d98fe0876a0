//! Reading a SecretRef: one GET, in the pod's namespace.

use std::time::Duration;

use http::StatusCode;
use kube::{Api, Client, core::DeserializeGuard};
use strongroom_core::{ResourceName, SecretRefName};
use strongroom_crds::{SecretRef, condition::AUTHORIZED};

use crate::volume::spec::{SpecError, VolumeSpec};

/// The time for one read.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why a SecretRef cannot be used.
#[derive(Debug, thiserror::Error)]
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
        source: Box<kube::Error>,
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
            Self::Api { source, .. } => match &**source {
                kube::Error::Api(status) => status.code >= 500 || status.code == 429,
                _ => true,
            },
        }
    }
}

/// Reads `SecretRef`s.
#[derive(Clone)]
pub struct References {
    client: Client,
}

impl References {
    /// Reads with the rights of `client`.
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// What `secret_ref` asks for.
    pub async fn read(&self, secret_ref: &SecretRefName) -> Result<VolumeSpec, ReferenceError> {
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
        VolumeSpec::parse(&found.spec).map_err(|source| ReferenceError::Spec {
            secret_ref: secret_ref.clone(),
            source,
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
    match source {
        kube::Error::Api(status) if status.code == StatusCode::NOT_FOUND.as_u16() => {
            ReferenceError::NotFound { secret_ref }
        }
        source => ReferenceError::Api {
            secret_ref,
            source: Box::new(source),
        },
    }
}
