//! Policies whose vault does not exist. Those of existing vaults are reported with their vault.

use std::{collections::HashSet, sync::Arc, time::Duration};

use kube::{Resource, ResourceExt, runtime::reflector::ObjectRef};
use strongroom_crds::Vault;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};

use super::{
    compile::PolicyProblem,
    publish::{write, write_unread},
    report::Enforcement,
};
use crate::{
    context::Context,
    world::{Change, PolicyObject},
};

/// How often every policy is looked at.
const EVERY: Duration = Duration::from_secs(30);
/// How long changes are gathered before the policies that they concern are looked at.
const GATHER: Duration = Duration::from_millis(200);

/// Which policies are worth a look.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Concern {
    /// Those of a vault, and those of its namespace that cannot be read.
    Vault(ObjectRef<Vault>),
    /// Those of a namespace that cannot be read.
    Unreadable(String),
}

/// Reports on policies whose vault does not exist, as long as this replica leads: after a change those that it
/// concerns, and every thirty seconds all.
pub async fn report_orphans(context: Arc<Context>) {
    let mut changes = context.changes.subscribe();
    let mut every = tokio::time::interval(EVERY);
    loop {
        let concerns = tokio::select! {
            _ = every.tick() => None,
            concerns = gather(&mut changes) => concerns,
        };
        let policies = match concerns {
            Some(concerns) => concerns
                .iter()
                .flat_map(|concern| policies_of(&context, concern))
                .collect(),
            None => context.stores.policies(),
        };
        for policy in policies {
            report_if_orphan(&context, &policy).await;
        }
    }
}

/// The concerns of the changes of a moment; `None` if some were missed.
async fn gather(changes: &mut Receiver<Change>) -> Option<HashSet<Concern>> {
    let mut concerns = HashSet::new();
    let mut end = None;
    loop {
        let change = match end {
            None => changes.recv().await,
            Some(end) => match tokio::time::timeout_at(end, changes.recv()).await {
                Ok(change) => change,
                Err(_) => return Some(concerns),
            },
        };
        match change {
            Ok(change) => concerns.extend(concern_of(change)),
            Err(RecvError::Lagged(_)) => return None,
            // Nothing changes any more.
            Err(RecvError::Closed) => std::future::pending().await,
        }
        if end.is_none() && !concerns.is_empty() {
            end = Some(Instant::now() + GATHER);
        }
    }
}

fn concern_of(change: Change) -> Option<Concern> {
    match change {
        Change::Vault(vault) => Some(Concern::Vault(vault)),
        Change::Policy {
            namespace,
            vault: Some(vault),
        } => Some(Concern::Vault(ObjectRef::new(&vault).within(&namespace))),
        Change::Policy {
            namespace,
            vault: None,
        } => Some(Concern::Unreadable(namespace)),
        Change::SecretRef(_)
        | Change::Accounts { .. }
        | Change::Enforcement(_)
        | Change::Conversation(_)
        | Change::Gone(_) => None,
    }
}

fn policies_of(context: &Context, concern: &Concern) -> Vec<Arc<PolicyObject>> {
    match concern {
        Concern::Vault(vault) => context.stores.policies_of(vault),
        Concern::Unreadable(namespace) => context.stores.unreadable_policies(namespace),
    }
}

/// Writes the status of a policy whose vault does not exist; of one that cannot be read, where there is no vault at all
/// that would report it.
async fn report_if_orphan(context: &Context, policy: &PolicyObject) {
    let namespace = policy.namespace().unwrap_or_default();
    match &policy.0 {
        Ok(policy) => {
            let vault = ObjectRef::new(&policy.spec.vault_ref.name).within(&namespace);
            if !context.stores.has_vault(&vault) {
                write(context, policy, &Ok(Vec::new()), &Enforcement::VaultNotFound).await;
            }
        }
        Err(invalid) => {
            if !context.stores.has_vault_in(&namespace) {
                let problem = Err(PolicyProblem::Object(invalid.error.clone()));
                write_unread(context, policy.meta(), &problem, &Enforcement::VaultNotFound).await;
            }
        }
    }
}
