//! What was read of the cluster, before anything is concluded from it.

use k8s_openapi::api::{
    core::v1::{Event, Namespace, Pod, ServiceAccount},
    storage::v1::{CSIDriver, CSINode},
};
use strongroom_core::{AccountName, NamespaceName, SecretRefName, VaultRef};
use strongroom_crds::{SecretRef, Vault};

use crate::policy::StoredPolicies;

/// One thing that was asked for.
#[derive(Debug, Clone)]
pub(super) enum Seen<T> {
    /// It is there.
    Found(T),
    /// It is not there.
    Absent,
    /// The caller did not get to see it.
    Hidden(Hidden),
}

/// Why something was not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hidden {
    /// A sentence.
    pub(super) why: String,
    /// The command that shows whether the caller has the right; `None` where no right is missing.
    pub(super) can_i: Option<String>,
}

/// Everything that a walk is about.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The program's name, for commands to propose.
    pub(super) program: &'static str,
    /// The time, in seconds since 1970.
    pub(super) now: i64,
    /// Where Strongroom is installed.
    pub(super) release_namespace: NamespaceName,
    pub(super) pod: Option<PodFacts>,
    pub(super) account: Option<AccountFacts>,
    pub(super) references: Vec<ReferenceFacts>,
    pub(super) vaults: Vec<VaultFacts>,
}

/// The pod, and its node as far as it concerns us.
#[derive(Debug, Clone)]
pub(super) struct PodFacts {
    pub(super) namespace: NamespaceName,
    pub(super) name: String,
    pub(super) pod: Seen<Pod>,
    /// The pod's namespace, for its labels.
    pub(super) home: Seen<Namespace>,
    pub(super) csi_driver: Seen<CSIDriver>,
    pub(super) csi_node: Seen<CSINode>,
    pub(super) node_namespace: NamespaceName,
    /// The pods of the node driver on the pod's node.
    pub(super) drivers: Seen<Vec<Pod>>,
    pub(super) events: Seen<Vec<Event>>,
    /// The vault that the pod itself connects to.
    pub(super) connects_to: Option<VaultRef>,
}

/// The service account whose access is walked.
#[derive(Debug, Clone)]
pub(super) struct AccountFacts {
    pub(super) account: AccountName,
    pub(super) found: Seen<ServiceAccount>,
}

/// A `SecretRef`.
#[derive(Debug, Clone)]
pub(super) struct ReferenceFacts {
    pub(super) reference: SecretRefName,
    pub(super) found: Seen<SecretRef>,
}

/// A vault.
#[derive(Debug, Clone)]
pub(super) struct VaultFacts {
    pub(super) vault: VaultRef,
    pub(super) found: Seen<Vault>,
    pub(super) policies: Seen<StoredPolicies>,
    /// Its pods; `None` where the walk is not about the vault itself.
    pub(super) pods: Option<Seen<Vec<Pod>>>,
}
