//! Announces the SecretRefs that are deleted.
//!
//! Each vault has a lane of its own, which ends after some seconds: one that is slow or silent delays the announcements to
//! no other.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::future::join_all;
use kube::runtime::reflector::ObjectRef;
use strongroom_core::{SecretRefName, VaultRef};
use strongroom_crds::SecretRef;
use tokio::{
    sync::broadcast::error::RecvError,
    task::JoinSet,
    time::{Instant, timeout},
};

use super::announce::{announce_to, forget_empty, record};
use crate::{
    context::Context,
    world::{Change, Edition},
};

/// How long removals are announced to one vault before it is left alone until the next time.
const LANE: Duration = Duration::from_secs(8);
/// How often the removals that are pending are announced again.
const AGAIN: Duration = Duration::from_secs(10);

/// Announces every SecretRef that does not exist any more.
pub async fn announce_removed(context: &Context) {
    notice_removed(context);
    let lanes = lanes(context);
    join_all(
        lanes
            .into_iter()
            .map(|(vault, names)| announce_all(context, vault, names)),
    )
    .await;
}

/// Announces the SecretRefs that are deleted, as long as this replica leads. Those that exist are announced when they
/// are reconciled.
pub async fn announce_removals_until_ended(context: Arc<Context>) {
    let mut changes = context.changes.subscribe();
    let mut every = tokio::time::interval(AGAIN);
    let mut running = JoinSet::new();
    let mut busy = HashSet::new();
    loop {
        let change = tokio::select! {
            _ = every.tick() => Err(RecvError::Lagged(0)),
            Some(ended) = running.join_next() => {
                // A task that panicked takes its vault's name with it: no lane is begun for that vault any more.
                let Ok((vault, is_done)) = ended else { continue };
                busy.remove(&vault);
                if is_done {
                    begin(&context, &mut running, &mut busy);
                }
                continue;
            }
            change = changes.recv() => change,
        };
        match change {
            Ok(Change::SecretRef(secret_ref)) if !notice_if_removed(&context, &secret_ref) => continue,
            Ok(Change::SecretRef(_)) => {}
            Ok(_) => continue,
            Err(RecvError::Lagged(_)) => {
                let exists = |vault: &VaultRef| context.stores.vault(vault).is_some();
                context.followers.lock().retain_vaults(exists);
                notice_removed(&context);
            }
            Err(RecvError::Closed) => return,
        }
        begin(&context, &mut running, &mut busy);
    }
}

/// Begins a lane for each vault that has none and of which a removal is pending.
fn begin(context: &Arc<Context>, running: &mut JoinSet<(VaultRef, bool)>, busy: &mut HashSet<VaultRef>) {
    for (vault, names) in lanes(context) {
        if busy.insert(vault.clone()) {
            let context = Arc::clone(context);
            running.spawn(async move { announce_all(&context, vault, names).await });
        }
    }
}

/// The pending removals, by the vault that they are to be announced to. Forgets those that are pending nowhere.
fn lanes(context: &Context) -> Vec<(VaultRef, Vec<SecretRefName>)> {
    let removed = context.followers.lock().removed();
    for name in &removed {
        forget_empty(context, name);
    }
    let pending = context.followers.lock().pending_removals();
    pending.into_iter().collect()
}

/// Announces removals to one vault, until one is not taken or the time is over. Returns the vault, and whether all were
/// taken.
async fn announce_all(context: &Context, vault: VaultRef, names: Vec<SecretRefName>) -> (VaultRef, bool) {
    let end = Instant::now() + LANE;
    for name in names {
        let left = end.saturating_duration_since(Instant::now());
        let Ok(result) = timeout(left, announce_to(context, &vault, &name)).await else {
            return (vault, false);
        };
        if !record(context, &name, &vault, &Edition::Gone, result) {
            return (vault, false);
        }
        forget_empty(context, &name);
    }
    (vault, true)
}

fn notice_removed(context: &Context) {
    let exists = |name: &SecretRefName| context.stores.secret_ref(name).is_some();
    context.followers.lock().retain(exists);
}

/// Whether this SecretRef does not exist any more.
fn notice_if_removed(context: &Context, secret_ref: &ObjectRef<SecretRef>) -> bool {
    let namespace = secret_ref.namespace.as_deref().unwrap_or_default().parse();
    let (Ok(namespace), Ok(name)) = (namespace, secret_ref.name.parse()) else {
        return false;
    };
    let name = SecretRefName { namespace, name };
    let is_removed = context.stores.secret_ref(&name).is_none();
    if is_removed {
        context.followers.lock().remove(&name);
    }
    is_removed
}
