//! Who leads: the Lease says it, and nothing else does.

use k8s_openapi::api::coordination::v1::Lease;
use kube::{Api, Client};
use strongroom_core::NamespaceName;
use strongroom_crds::ApiError;

/// The Lease that the leader holds, in the namespace of the release.
pub const LEASE: &str = "strongroom-operator";

/// Why a replica does not know that it leads.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The Lease could not be read.
    #[error("cannot read the lease")]
    Read(#[source] ApiError),
    /// The Lease names another replica, or none. What renews the lease ends this process.
    #[error("this replica does not hold the lease")]
    NotHeld,
}

/// A replica's claim to lead.
#[derive(Clone)]
pub struct Leadership {
    leases: Api<Lease>,
    holder: String,
}

impl Leadership {
    /// The claim of the replica `holder` to the Lease in `namespace`.
    pub fn new(client: &Client, namespace: &NamespaceName, holder: &str) -> Self {
        Self {
            leases: Api::namespaced(client.clone(), namespace.as_str()),
            holder: holder.to_owned(),
        }
    }

    /// Reads the Lease again. Errors: it does not name this replica, or cannot be read.
    pub async fn check(&self) -> Result<(), LeaseError> {
        let lease = self.leases.get(LEASE).await;
        let lease = lease.map_err(|error| LeaseError::Read(error.into()))?;
        let holder = lease.spec.and_then(|spec| spec.holder_identity);
        if holder.as_ref() == Some(&self.holder) {
            Ok(())
        } else {
            Err(LeaseError::NotHeld)
        }
    }
}
