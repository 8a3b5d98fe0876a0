//! What the operator knows of the cluster: one watch per kind, held for the life of the process by leader and standby
//! alike, so that a new leader decides at once and on everything.

use std::{fmt::Debug, hash::Hash, sync::Arc};

use futures::{Stream, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::{
    Api, Client, Resource, ResourceExt,
    core::{DeserializeGuard, PartialObjectMeta},
    runtime::{
        WatchStreamExt,
        reflector::{self, ObjectRef, Store, store::WriterDropped},
        watcher,
    },
};
use strongroom_core::{NamespaceName, ResourceName, Uid};
use strongroom_crds::{AccessPolicy, SecretRef, Vault};

use super::{Change, Changes, Directory};

/// The objects of each kind, as the watches hold them.
#[derive(Clone)]
pub struct Stores {
    /// Vaults.
    pub vaults: Store<Vault>,
    /// Access policies, those that cannot be read included.
    pub policies: Store<DeserializeGuard<AccessPolicy>>,
    /// Secret refs.
    pub secret_refs: Store<SecretRef>,
    accounts: Store<PartialObjectMeta<ServiceAccount>>,
    namespaces: Store<PartialObjectMeta<Namespace>>,
}

impl Stores {
    /// Starts the watches, which go on until the process ends and announce what they see.
    pub fn start(client: &Client, changes: &Changes) -> Self {
        Self {
            vaults: watch(Api::all(client.clone()), changes, |vault| {
                Change::Vault(ObjectRef::from_obj(vault))
            }),
            policies: watch(Api::all(client.clone()), changes, policy_change),
            secret_refs: watch(Api::all(client.clone()), changes, |r| {
                Change::SecretRef(ObjectRef::from_obj(r))
            }),
            accounts: watch(
                Api::all(client.clone()),
                changes,
                |account: &PartialObjectMeta<ServiceAccount>| Change::Accounts {
                    namespace: account.namespace().unwrap_or_default(),
                },
            ),
            namespaces: watch(
                Api::all(client.clone()),
                changes,
                |namespace: &PartialObjectMeta<Namespace>| Change::Accounts {
                    namespace: namespace.name_any(),
                },
            ),
        }
    }

    /// Waits until every watch has listed all there is.
    pub async fn synced(&self) -> Result<(), WriterDropped> {
        self.vaults.wait_until_ready().await?;
        self.policies.wait_until_ready().await?;
        self.secret_refs.wait_until_ready().await?;
        self.accounts.wait_until_ready().await?;
        self.namespaces.wait_until_ready().await
    }

    /// The accounts that exist.
    pub fn directory(&self) -> Directory {
        let (namespaces, accounts) = (self.namespaces.state(), self.accounts.state());
        Directory::collect(
            namespaces.iter().map(Arc::as_ref),
            accounts.iter().map(Arc::as_ref),
        )
    }

    /// The UID of one service account.
    pub fn account(&self, namespace: &NamespaceName, name: &ResourceName) -> Option<Uid> {
        let key = ObjectRef::new(name.as_str()).within(namespace.as_str());
        self.accounts.get(&key)?.metadata.uid.as_deref()?.parse().ok()
    }

    /// The policies of one vault, and those of its namespace that cannot be read, by name.
    pub fn policies_of(&self, vault: &ObjectRef<Vault>) -> Vec<Arc<DeserializeGuard<AccessPolicy>>> {
        let namespace = vault.namespace.as_deref();
        let mut policies = self.policies.state_filter(|policy| {
            policy.namespace().as_deref() == namespace
                && policy
                    .0
                    .as_ref()
                    .map_or(true, |policy| policy.spec.vault_ref.name == vault.name)
        });
        policies.sort_by_key(|policy| policy.name_any());
        policies
    }
}

fn policy_change(policy: &DeserializeGuard<AccessPolicy>) -> Change {
    Change::Policy {
        namespace: policy.namespace().unwrap_or_default(),
        vault: policy
            .0
            .as_ref()
            .ok()
            .map(|policy| policy.spec.vault_ref.name.clone()),
    }
}

fn watch<K>(api: Api<K>, changes: &Changes, describe: fn(&K) -> Change) -> Store<K>
where
    K: Resource + Clone + Debug + Send + Sync + serde::de::DeserializeOwned + 'static,
    K::DynamicType: Default + Eq + Hash + Clone + Unpin + Debug + Send + Sync,
{
    let (reader, writer) = reflector::store();
    let changes = changes.clone();
    let events = watcher(api, watcher::Config::default().page_size(500))
        .default_backoff()
        .modify(strip)
        .reflect(writer)
        .touched_objects();
    tokio::spawn(follow(events, move |object| {
        changes.announce(describe(&object));
    }));
    reader
}

async fn follow<K>(objects: impl Stream<Item = watcher::Result<K>>, mut announce: impl FnMut(K)) {
    objects
        .inspect_err(|error| tracing::warn!(%error, "a watch failed and will be resumed"))
        .for_each(|object| {
            if let Ok(object) = object {
                announce(object);
            }
            std::future::ready(())
        })
        .await;
}

/// Drops what nobody here reads and what costs the most memory.
fn strip<K: Resource>(object: &mut K) {
    let metadata = object.meta_mut();
    metadata.managed_fields = None;
    if let Some(annotations) = &mut metadata.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}
