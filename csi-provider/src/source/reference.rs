//! Reading a SecretRef: one GET, in the pod's namespace.

use std::time::Duration;

use http::StatusCode;
use kube::{Api, Client, core::DeserializeGuard};
use strongroom_core::{NamespaceName, ResourceName};
use strongroom_crds::{SecretRef, condition::AUTHORIZED};

use crate::volume::spec::{SpecError, VolumeSpec};

/// The time for one read.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why a SecretRef cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// There is none of that name.
    #[error("SecretRef {namespace}/{name} does not exist")]
    NotFound {
        /// Its namespace.
        namespace: NamespaceName,
        /// Its name.
        name: ResourceName,
    },
    /// The API server could not be asked.
    #[error("SecretRef {namespace}/{name} cannot be read: {source}")]
    Api {
        /// Its namespace.
        namespace: NamespaceName,
        /// Its name.
        name: ResourceName,
        /// Why.
        source: Box<kube::Error>,
    },
    /// The API server did not answer.
    #[error("SecretRef {namespace}/{name} cannot be read: the API server did not answer within {} s", DEADLINE.as_secs())]
    Slow {
        /// Its namespace.
        namespace: NamespaceName,
        /// Its name.
        name: ResourceName,
    },
    /// The object is not of the shape this release knows.
    #[error("SecretRef {namespace}/{name} cannot be understood by this release: {reason}")]
    Shape {
        /// Its namespace.
        namespace: NamespaceName,
        /// Its name.
        name: ResourceName,
        /// What the deserialiser says.
        reason: String,
    },
    /// What it asks for cannot be mounted.
    #[error("SecretRef {namespace}/{name} cannot be mounted: {source}")]
    Spec {
        /// Its namespace.
        namespace: NamespaceName,
        /// Its name.
        name: ResourceName,
        /// Why.
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

    /// What the SecretRef `name` asks for.
    pub async fn read(
        &self,
        namespace: &NamespaceName,
        name: &ResourceName,
    ) -> Result<VolumeSpec, ReferenceError> {
        let api: Api<DeserializeGuard<SecretRef>> = Api::namespaced(self.client.clone(), namespace.as_str());
        let read = tokio::time::timeout(DEADLINE, api.get(name.as_str()))
            .await
            .map_err(|_| ReferenceError::Slow {
                namespace: namespace.clone(),
                name: name.clone(),
            })?
            .map_err(|source| failed(source, namespace, name))?;
        let found = read.0.map_err(|invalid| ReferenceError::Shape {
            namespace: namespace.clone(),
            name: name.clone(),
            reason: invalid.error.chars().take(200).collect(),
        })?;
        VolumeSpec::parse(&found.spec).map_err(|source| ReferenceError::Spec {
            namespace: namespace.clone(),
            name: name.clone(),
            source,
        })
    }
}

impl References {
    /// Whether the SecretRef's status says that policy lets `account` read what it asks for. The vault decided that; it
    /// is asked for only where the vault itself cannot be.
    pub async fn permits(
        &self,
        namespace: &NamespaceName,
        name: &ResourceName,
        account: &ResourceName,
    ) -> bool {
        let api: Api<DeserializeGuard<SecretRef>> = Api::namespaced(self.client.clone(), namespace.as_str());
        let read = tokio::time::timeout(DEADLINE, api.get(name.as_str())).await;
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

fn failed(source: kube::Error, namespace: &NamespaceName, name: &ResourceName) -> ReferenceError {
    let (namespace, name) = (namespace.clone(), name.clone());
    match source {
        kube::Error::Api(status) if status.code == StatusCode::NOT_FOUND.as_u16() => {
            ReferenceError::NotFound { namespace, name }
        }
        source => ReferenceError::Api {
            namespace,
            name,
            source: Box::new(source),
        },
    }
}
