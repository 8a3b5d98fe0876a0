//! Which objects a change makes worth a look.

use std::convert::Infallible;

use futures::{Stream, StreamExt, stream};
use kube::{
    ResourceExt,
    runtime::{controller::ReconcileRequest, reflector::ObjectRef},
};
use strongroom_crds::{SecretRef, Vault};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::caches::{Caches, Change};

/// Every vault at first, then those that a change concerns.
pub fn vaults(caches: &Caches) -> impl Stream<Item = Result<ReconcileRequest<Vault>, Infallible>> + use<> {
    requests(caches, all_vaults, |caches, change| match change {
        Change::Vault(vault) => vec![vault],
        Change::Policy {
            namespace,
            vault: Some(name),
        } => vec![ObjectRef::new(&name).within(&namespace)],
        Change::Policy {
            namespace,
            vault: None,
        } => all_vaults(caches)
            .into_iter()
            .filter(|vault| vault.namespace.as_deref() == Some(&namespace))
            .collect(),
        Change::Accounts { namespace } => vaults_that_name(caches, &namespace),
        Change::SecretRef(_) | Change::Enforced(_) => Vec::new(),
    })
}

/// Every SecretRef at first, then those that a change concerns.
pub fn secret_refs(
    caches: &Caches,
) -> impl Stream<Item = Result<ReconcileRequest<SecretRef>, Infallible>> + use<> {
    requests(
        caches,
        |caches| refs_where(caches, |_| true),
        |caches, change| match change {
            Change::SecretRef(secret_ref) => vec![secret_ref],
            Change::Accounts { namespace } => {
                refs_where(caches, |r| r.namespace().as_deref() == Some(&namespace))
            }
            Change::Vault(vault) | Change::Enforced(vault) => refs_where(caches, |secret_ref| {
                let reference = &secret_ref.spec.vault_ref;
                reference.name == vault.name && Some(&reference.namespace) == vault.namespace.as_ref()
            }),
            Change::Policy { .. } => Vec::new(),
        },
    )
}

fn requests<K>(
    caches: &Caches,
    all: fn(&Caches) -> Vec<ObjectRef<K>>,
    concerned: fn(&Caches, Change) -> Vec<ObjectRef<K>>,
) -> impl Stream<Item = Result<ReconcileRequest<K>, Infallible>> + use<K>
where
    K: kube::Resource<DynamicType = ()> + 'static,
{
    // Listening begins before the first look, so that nothing falls between the two.
    let changes = caches.changes();
    let first = stream::iter(all(caches));
    let caches = caches.clone();
    let later = stream::unfold((caches, changes), move |(caches, mut changes)| async move {
        let refs = next(&caches, &mut changes, all, concerned).await?;
        Some((stream::iter(refs), (caches, changes)))
    });
    first
        .chain(later.flatten())
        .map(|object| Ok(ReconcileRequest::from(object)))
}

async fn next<K: kube::Resource>(
    caches: &Caches,
    changes: &mut Receiver<Change>,
    all: fn(&Caches) -> Vec<ObjectRef<K>>,
    concerned: fn(&Caches, Change) -> Vec<ObjectRef<K>>,
) -> Option<Vec<ObjectRef<K>>> {
    match changes.recv().await {
        Ok(change) => Some(concerned(caches, change)),
        Err(RecvError::Lagged(_)) => Some(all(caches)),
        Err(RecvError::Closed) => None,
    }
}

fn all_vaults(caches: &Caches) -> Vec<ObjectRef<Vault>> {
    caches
        .vaults
        .state()
        .iter()
        .map(|vault| ObjectRef::from_obj(&**vault))
        .collect()
}

fn refs_where(caches: &Caches, wanted: impl Fn(&SecretRef) -> bool) -> Vec<ObjectRef<SecretRef>> {
    caches
        .secret_refs
        .state_filter(wanted)
        .iter()
        .map(|r| ObjectRef::from_obj(&**r))
        .collect()
}

/// The vaults with a policy that names this namespace.
fn vaults_that_name(caches: &Caches, namespace: &str) -> Vec<ObjectRef<Vault>> {
    let mut vaults: Vec<ObjectRef<Vault>> = caches
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
