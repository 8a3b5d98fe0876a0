//! Which objects a change makes worth a look.

use std::convert::Infallible;

use futures::{Stream, StreamExt, stream};
use kube::{
    ResourceExt,
    runtime::{controller::ReconcileRequest, reflector::ObjectRef},
};
use strongroom_crds::{SecretRef, Vault};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::world::{Change, Changes, Stores};

/// Every vault at first, then those that a change concerns.
pub fn vaults(
    stores: &Stores,
    changes: &Changes,
) -> impl Stream<Item = Result<ReconcileRequest<Vault>, Infallible>> + use<> {
    requests(stores, changes, all_vaults, |stores, change| match change {
        Change::Vault(vault) => vec![vault],
        Change::Policy {
            namespace,
            vault: Some(name),
        } => vec![ObjectRef::new(&name).within(&namespace)],
        Change::Policy {
            namespace,
            vault: None,
        } => all_vaults(stores)
            .into_iter()
            .filter(|vault| vault.namespace.as_deref() == Some(&namespace))
            .collect(),
        Change::Accounts { namespace } => vaults_that_name(stores, &namespace),
        Change::SecretRef(_) | Change::Enforcement(_) => Vec::new(),
    })
}

/// Every SecretRef at first, then those that a change concerns.
pub fn secret_refs(
    stores: &Stores,
    changes: &Changes,
) -> impl Stream<Item = Result<ReconcileRequest<SecretRef>, Infallible>> + use<> {
    requests(
        stores,
        changes,
        |stores| refs_where(stores, |_| true),
        |stores, change| match change {
            Change::SecretRef(secret_ref) => vec![secret_ref],
            Change::Accounts { namespace } => {
                refs_where(stores, |r| r.namespace().as_deref() == Some(&namespace))
            }
            Change::Vault(vault) | Change::Enforcement(vault) => refs_where(stores, |secret_ref| {
                let reference = &secret_ref.spec.vault_ref;
                reference.name == vault.name && Some(&reference.namespace) == vault.namespace.as_ref()
            }),
            Change::Policy { .. } => Vec::new(),
        },
    )
}

fn requests<K>(
    stores: &Stores,
    changes: &Changes,
    all: fn(&Stores) -> Vec<ObjectRef<K>>,
    concerned: fn(&Stores, Change) -> Vec<ObjectRef<K>>,
) -> impl Stream<Item = Result<ReconcileRequest<K>, Infallible>> + use<K>
where
    K: kube::Resource<DynamicType = ()> + 'static,
{
    // Listening begins before the first look, so that nothing falls between the two.
    let changes = changes.subscribe();
    let first = stream::iter(all(stores));
    let stores = stores.clone();
    let later = stream::unfold((stores, changes), move |(stores, mut changes)| async move {
        let refs = next(&stores, &mut changes, all, concerned).await?;
        Some((stream::iter(refs), (stores, changes)))
    });
    first
        .chain(later.flatten())
        .map(|object| Ok(ReconcileRequest::from(object)))
}

async fn next<K: kube::Resource>(
    stores: &Stores,
    changes: &mut Receiver<Change>,
    all: fn(&Stores) -> Vec<ObjectRef<K>>,
    concerned: fn(&Stores, Change) -> Vec<ObjectRef<K>>,
) -> Option<Vec<ObjectRef<K>>> {
    match changes.recv().await {
        Ok(change) => Some(concerned(stores, change)),
        Err(RecvError::Lagged(_)) => Some(all(stores)),
        Err(RecvError::Closed) => None,
    }
}

fn all_vaults(stores: &Stores) -> Vec<ObjectRef<Vault>> {
    stores
        .vaults
        .state()
        .iter()
        .map(|vault| ObjectRef::from_obj(&**vault))
        .collect()
}

fn refs_where(stores: &Stores, wanted: impl Fn(&SecretRef) -> bool) -> Vec<ObjectRef<SecretRef>> {
    stores
        .secret_refs
        .state_filter(wanted)
        .iter()
        .map(|r| ObjectRef::from_obj(&**r))
        .collect()
}

/// The vaults with a policy that names this namespace.
fn vaults_that_name(stores: &Stores, namespace: &str) -> Vec<ObjectRef<Vault>> {
    let mut vaults: Vec<ObjectRef<Vault>> = stores
        .policies
        .state()
        .iter()
        .filter_map(|policy| policy.0.as_ref().ok().cloned())
        .filter(|policy| {
            policy.spec.subjects.iter().any(|subject| {
                let account = subject
                    .service_account
                    .as_ref()
                    .map(|account| account.namespace.as_str());
                let all = subject
                    .all_service_accounts
                    .as_ref()
                    .map(|all| all.namespace.as_str());
                account == Some(namespace) || all == Some(namespace)
            })
        })
        .map(|policy| {
            ObjectRef::new(&policy.spec.vault_ref.name)
                .within(policy.namespace().unwrap_or_default().as_str())
        })
        .collect();
    vaults.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    vaults.dedup();
    vaults
}
