//! What exists: one watch per kind, held for the life of the process by leader and standby alike, so that a new leader
//! decides at once and on everything.
//!
//! Vaults and SecretRefs are held by kube's reflector, which their reconcilers take them from, and indexed beside it. Of
//! service accounts and namespaces only the UIDs are held. Each table has a lock of its own, held for a lookup or for one
//! event.

use std::sync::Arc;

use kube::{
    Client,
    runtime::reflector::{ObjectRef, Store},
};
use parking_lot::RwLockReadGuard;
use strongroom_core::{NamespaceName, ResourceName, SecretRefName, Uid, VaultRef};
use strongroom_crds::{SecretRef, Vault};
use tokio::sync::watch::{Receiver, error::RecvError};

use super::{
    changes::Changes,
    directory::Directory,
    feeds::{Feeds, Tables, WATCHES},
    policies::PolicyObject,
    references::SecretRefKey,
};

/// The objects of each kind; a clone holds the same.
#[derive(Clone)]
pub struct Stores {
    vaults: Store<Vault>,
    secret_refs: Store<SecretRef>,
    tables: Arc<Tables>,
    /// How many watches have listed all there is.
    listed: Receiver<usize>,
}

impl Stores {
    /// Starts the watches, which go on until the process ends and announce what they see.
    pub fn start(client: &Client, changes: &Changes) -> Self {
        let (stores, feeds) = Self::fed();
        feeds.start(client, changes);
        stores
    }

    /// Empty stores, and what feeds them.
    pub(super) fn fed() -> (Self, Feeds) {
        let feeds = Feeds::default();
        let stores = Self {
            vaults: feeds.vaults.reader(),
            secret_refs: feeds.secret_refs.reader(),
            tables: Arc::clone(&feeds.tables),
            listed: feeds.listed.subscribe(),
        };
        (stores, feeds)
    }

    /// Waits until every watch has listed all there is. Errors: a watch ended before.
    pub async fn synced(&self) -> Result<(), RecvError> {
        let mut listed = self.listed.clone();
        listed.wait_for(|listed| *listed >= WATCHES).await.map(drop)
    }

    /// The vaults, for their reconciler.
    pub fn vault_store(&self) -> Store<Vault> {
        self.vaults.clone()
    }

    /// The SecretRefs, for their reconciler.
    pub fn secret_ref_store(&self) -> Store<SecretRef> {
        self.secret_refs.clone()
    }

    /// A vault.
    pub fn vault(&self, vault: &VaultRef) -> Option<Arc<Vault>> {
        let object = ObjectRef::new(vault.name.as_str()).within(vault.namespace.as_str());
        self.vaults.get(&object)
    }

    /// Whether a vault exists.
    pub fn has_vault(&self, vault: &ObjectRef<Vault>) -> bool {
        self.vaults.get(vault).is_some()
    }

    /// Whether there is any vault in a namespace.
    pub fn has_vault_in(&self, namespace: &str) -> bool {
        self.tables.vaults.read().has(&namespace.to_owned())
    }

    /// Every vault.
    pub fn vaults(&self) -> Vec<ObjectRef<Vault>> {
        let vaults = self.tables.vaults.read();
        vaults.all().map(|(vault, _)| vault.clone()).collect()
    }

    /// The vaults of a namespace.
    pub fn vaults_in(&self, namespace: &str) -> Vec<ObjectRef<Vault>> {
        let vaults = self.tables.vaults.read();
        let found = vaults.under(&namespace.to_owned());
        found.map(|(vault, _)| vault.clone()).collect()
    }

    /// A SecretRef.
    pub fn secret_ref(&self, name: &SecretRefName) -> Option<Arc<SecretRef>> {
        let object = ObjectRef::new(name.name.as_str()).within(name.namespace.as_str());
        self.secret_refs.get(&object)
    }

    /// Every SecretRef.
    pub fn secret_refs(&self) -> Vec<ObjectRef<SecretRef>> {
        let secret_refs = self.tables.secret_refs.read();
        secret_refs
            .all()
            .map(|(secret_ref, _)| secret_ref.clone())
            .collect()
    }

    /// The SecretRefs that name a vault.
    pub fn secret_refs_of(&self, vault: &ObjectRef<Vault>) -> Vec<ObjectRef<SecretRef>> {
        self.secret_refs_under(&SecretRefKey::Vault(vault.clone()))
    }

    /// The SecretRefs of a namespace.
    pub fn secret_refs_in(&self, namespace: &str) -> Vec<ObjectRef<SecretRef>> {
        self.secret_refs_under(&SecretRefKey::Namespace(namespace.to_owned()))
    }

    fn secret_refs_under(&self, key: &SecretRefKey) -> Vec<ObjectRef<SecretRef>> {
        let secret_refs = self.tables.secret_refs.read();
        let found = secret_refs.under(key);
        found.map(|(secret_ref, _)| secret_ref.clone()).collect()
    }

    /// The policies of one vault, and those of its namespace that cannot be read, by name.
    pub fn policies_of(&self, vault: &ObjectRef<Vault>) -> Vec<Arc<PolicyObject>> {
        self.tables.policies.read().of(vault)
    }

    /// The policies of a namespace that cannot be read.
    pub fn unreadable_policies(&self, namespace: &str) -> Vec<Arc<PolicyObject>> {
        self.tables.policies.read().unreadable(namespace)
    }

    /// Every policy.
    pub fn policies(&self) -> Vec<Arc<PolicyObject>> {
        self.tables.policies.read().all()
    }

    /// The vaults with a policy that names this namespace, each once.
    pub fn vaults_naming(&self, namespace: &str) -> Vec<ObjectRef<Vault>> {
        self.tables.policies.read().vaults_naming(namespace)
    }

    /// The accounts that exist. The watches wait while this is held.
    pub fn directory(&self) -> RwLockReadGuard<'_, Directory> {
        self.tables.directory.read()
    }

    /// The UID of one service account.
    pub fn account(&self, namespace: &NamespaceName, name: &ResourceName) -> Option<Uid> {
        self.directory().account(namespace, name).cloned()
    }
}
