//! What happened in the cluster, for the queues that choose what to reconcile because of it.

use kube::runtime::reflector::ObjectRef;
use strongroom_crds::{SecretRef, Vault};
use tokio::sync::broadcast;

/// Something that a decision may depend on has changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Change {
    /// A Vault.
    Vault(ObjectRef<Vault>),
    /// An `AccessPolicy` of this vault; of any vault of the namespace, where the policy cannot be read.
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Policy {
        /// The namespace of the policy, and so of its vault.
        namespace: String,
        vault: Option<String>,
    },
    /// A `SecretRef`.
    SecretRef(ObjectRef<SecretRef>),
    /// A service account of this namespace, or the namespace itself.
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Accounts { namespace: String },
    /// The policy in force at this vault, or whether the vault can be reached.
    Enforcement(ObjectRef<Vault>),
    /// This vault ended, or cannot be reached any more.
    Gone(ObjectRef<Vault>),
    /// What this vault said last of itself.
    Conversation(ObjectRef<Vault>),
}

/// How many changes a slow listener may lag behind before it has to look at everything again.
const BACKLOG: usize = 4096;

/// The bus of changes; a clone is the same bus.
#[derive(Debug, Clone)]
pub struct Changes(broadcast::Sender<Change>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Changes {
    /// Receives what is announced from now on. A receiver that lags by more than 4096 changes misses some, and learns
    /// that it does.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }

    /// Announces a change to every receiver.
    pub fn announce(&self, change: Change) {
        // There is no receiver while this replica does not lead.
        drop(self.0.send(change));
    }
}
