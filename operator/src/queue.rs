//! Which objects a change makes worth a look.
//!
//! Why not kube's `Controller`: it owns the watches of what it reconciles and lists them when it starts. Here every
//! replica holds the watches, a standby too, and the controllers start when a replica leads: a new leader decides at
//! once. Besides, the reconcilers share five watches and wake each other. What `Controller` runs underneath, the
//! `applier`, is what runs here: it schedules, retries, and never runs two passes over one object at a time. How many
//! run at once is not left to it, which knows no namespaces: see [`Slots`]. Nor may it debounce what must not wait: each
//! further change within the time would put the pass off again.

mod slots;

use std::convert::Infallible;

use futures::{Stream, StreamExt, stream};
use kube::runtime::{controller::ReconcileRequest, reflector::ObjectRef};
use strongroom_crds::{SecretRef, Vault};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::world::{Change, Changes, Stores};

pub use slots::{Pace, Slots};

/// Every vault at first, then those whose policy may have to change.
pub fn enforcement(
    stores: &Stores,
    changes: &Changes,
) -> impl Stream<Item = Result<ReconcileRequest<Vault>, Infallible>> + use<> {
    requests(stores, changes, Stores::vaults, enforcement_concerned)
}

/// Every vault at first, then those of which there is something to apply or to report.
pub fn vaults(
    stores: &Stores,
    changes: &Changes,
) -> impl Stream<Item = Result<ReconcileRequest<Vault>, Infallible>> + use<> {
    requests(stores, changes, Stores::vaults, vaults_concerned)
}

/// Every SecretRef at first, then those that a change concerns.
pub fn secret_refs(
    stores: &Stores,
    changes: &Changes,
) -> impl Stream<Item = Result<ReconcileRequest<SecretRef>, Infallible>> + use<> {
    requests(stores, changes, Stores::secret_refs, secret_refs_concerned)
}

fn enforcement_concerned(stores: &Stores, change: Change) -> Vec<ObjectRef<Vault>> {
    match change {
        Change::Vault(vault) | Change::Gone(vault) => vec![vault],
        Change::Policy {
            namespace,
            vault: Some(name),
        } => vec![ObjectRef::new(&name).within(&namespace)],
        Change::Policy {
            namespace,
            vault: None,
        } => stores.vaults_in(&namespace),
        Change::Accounts { namespace } => stores.vaults_naming(&namespace),
        Change::SecretRef(_) | Change::Enforcement(_) | Change::Conversation(_) => Vec::new(),
    }
}

/// Policy and accounts are not among these: their vault's policy is brought first, which is a change of its own.
fn vaults_concerned(_: &Stores, change: Change) -> Vec<ObjectRef<Vault>> {
    match change {
        Change::Vault(vault) | Change::Conversation(vault) => vec![vault],
        Change::Policy { .. }
        | Change::Accounts { .. }
        | Change::SecretRef(_)
        | Change::Enforcement(_)
        | Change::Gone(_) => Vec::new(),
    }
}

fn secret_refs_concerned(stores: &Stores, change: Change) -> Vec<ObjectRef<SecretRef>> {
    match change {
        Change::SecretRef(secret_ref) => vec![secret_ref],
        Change::Accounts { namespace } => stores.secret_refs_in(&namespace),
        Change::Vault(vault) | Change::Enforcement(vault) => stores.secret_refs_of(&vault),
        Change::Policy { .. } | Change::Conversation(_) | Change::Gone(_) => Vec::new(),
    }
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
    // The subscription begins before the first look, so that nothing falls between the two.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        policy::compile_all,
        world::{Cluster, visits_of},
    };

    /// All that is looked at because of these changes: by the queues, by the enforcement at each vault, by the reports of
    /// policies without a vault, and by the queues of vaults and SecretRefs after the vault took the policy.
    fn follow(cluster: &Cluster, changes: Vec<Change>) -> usize {
        let stores = &cluster.stores;
        let mut passes = 0;
        for change in changes {
            secret_refs_concerned(stores, change.clone());
            for vault in enforcement_concerned(stores, change) {
                passes += 1;
                let policies = stores.policies_of(&vault);
                let compiled = compile_all(&policies, &stores.directory());
                assert!(compiled.iter().all(|policy| policy.result.is_ok()));
                assert!(stores.has_vault(&vault));
                assert_eq!(
                    vaults_concerned(stores, Change::Conversation(vault.clone())).len(),
                    1
                );
                secret_refs_concerned(stores, Change::Enforcement(vault));
            }
        }
        passes
    }

    fn cost(size: usize, change: impl FnOnce(&mut Cluster) -> Vec<Change>) -> (usize, usize) {
        let mut cluster = Cluster::of(size);
        let mut passes = 0;
        let visits = visits_of(|| {
            let changes = change(&mut cluster);
            passes = follow(&cluster, changes);
        });
        (passes, visits)
    }

    #[test]
    fn the_cost_of_a_changed_policy_does_not_grow_with_vaults_and_accounts() {
        let change = |cluster: &mut Cluster| cluster.put_policy(3, "v-3", "2");
        let small = cost(10, change);
        assert_eq!(small, cost(1000, change));
        assert!(small.0 == 1 && small.1 < 20, "{small:?}");
    }

    #[test]
    fn the_cost_of_a_changed_account_does_not_grow_with_vaults_and_accounts() {
        let change = |cluster: &mut Cluster| cluster.put_account(3, "new");
        let small = cost(10, change);
        assert_eq!(small, cost(1000, change));
        assert!(small.0 == 1 && small.1 < 20, "{small:?}");
    }

    #[test]
    fn a_policy_that_moves_is_looked_at_in_both_vaults() {
        let (passes, _) = cost(10, |cluster| {
            cluster.put_vault(3, "other");
            cluster.put_policy(3, "other", "2")
        });
        assert_eq!(passes, 2);
    }
}
