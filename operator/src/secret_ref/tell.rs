//! Tells vaults that a SecretRef changed, until each has taken it in.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::future::join_all;
use kube::runtime::reflector::ObjectRef;
use strongroom_client::admin::{AdminClient, AdminError};
use strongroom_core::SecretRefName;
use strongroom_crds::{SecretRef, Vault};
use tokio::{sync::broadcast::error::RecvError, time::timeout};

use crate::{
    context::Context,
    fleet::Member,
    target::Target,
    world::{Change, Edition, VaultKey},
};

/// How long a vault has to take it in before others are no longer kept waiting.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often word of deleted `SecretRef`s is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// Why a vault was not told.
#[derive(Debug, thiserror::Error)]
enum NotTold {
    /// There is no such vault.
    #[error("there is no such vault")]
    NoVault,
    /// It does not answer.
    #[error("it does not answer in time")]
    Slow,
    /// It refused, or could not be reached.
    #[error(transparent)]
    Admin(#[from] AdminError),
}

/// Takes a SecretRef in as it is. `None` if its name is none that a vault knows.
pub(super) fn see(context: &Context, secret_ref: &SecretRef) -> Option<SecretRefName> {
    let metadata = &secret_ref.metadata;
    let name = SecretRefName {
        namespace: metadata.namespace.as_deref()?.parse().ok()?,
        name: metadata.name.as_deref()?.parse().ok()?,
    };
    let edition = Edition::Spec {
        uid: metadata.uid.clone()?,
        generation: metadata.generation?,
    };
    let announced = secret_ref
        .status
        .as_ref()
        .and_then(|status| status.announced_generation);
    let announced = announced.is_some() && announced == metadata.generation;
    context
        .followers
        .lock()
        .see(&name, edition, &named(secret_ref), announced);
    Some(name)
}

/// The vault that a SecretRef names.
pub(super) fn named(secret_ref: &SecretRef) -> VaultKey {
    let reference = &secret_ref.spec.vault_ref;
    ObjectRef::new(&reference.name).within(&reference.namespace)
}

/// Tells every vault that is yet to be told of `name`, and answers whether none is left.
pub(super) async fn tell(context: &Context, name: &SecretRefName) -> bool {
    let mut nobody_left = true;
    let owed = context.followers.lock().owed(name);
    if let Some((edition, owed)) = owed {
        let calls = owed.into_iter().map(|vault| async move {
            let told = tell_one(context, &vault, name).await;
            (vault, told)
        });
        for (vault, told) in join_all(calls).await {
            nobody_left &= settle(context, name, &vault, &edition, told);
        }
    }
    leave(context, name);
    nobody_left
}

/// Keeps what came of telling one vault, and answers whether it need not be told again.
fn settle(
    context: &Context,
    name: &SecretRefName,
    vault: &VaultKey,
    edition: &Edition,
    told: Result<(), NotTold>,
) -> bool {
    let mut followers = context.followers.lock();
    match told {
        Ok(()) => followers.told(name, vault, edition),
        Err(NotTold::NoVault) => followers.lose(name, vault),
        Err(error @ (NotTold::Slow | NotTold::Admin(_))) => {
            tracing::debug!(%error, %vault, "the vault was not told of a changed SecretRef");
            return false;
        }
    }
    true
}

async fn tell_one(context: &Context, vault: &VaultKey, name: &SecretRefName) -> Result<(), NotTold> {
    let call = async {
        let client = client(context, vault).await.ok_or(NotTold::NoVault)?;
        Ok(client.ref_changed(name).await?)
    };
    timeout(PATIENCE, call).await.map_err(|_| NotTold::Slow)?
}

async fn client(context: &Context, vault: &VaultKey) -> Option<AdminClient> {
    let vault: Arc<Vault> = context.stores.vaults.get(vault)?;
    let target = Target::parse(&vault).ok()?;
    let member = context.fleet.member(target.uid);
    let mut member = member.lock().await;
    Some(member.client(&target, &context.credentials))
}

/// Forgets the vaults that know of it and have no volumes of it any more.
fn leave(context: &Context, name: &SecretRefName) {
    let has_left = |vault: &VaultKey| {
        let Some(vault) = context.stores.vaults.get(vault) else {
            return true;
        };
        let member = context
            .fleet
            .member(vault.metadata.uid.as_deref().unwrap_or_default());
        // Whoever holds it may be counting just now: the next pass asks again.
        member.try_lock().is_ok_and(|member| member.has_none(name))
    };
    context.followers.lock().leave(name, has_left);
}

/// Takes in of which `SecretRef`s a vault has volumes, so that those that it is yet to be told of are looked at.
pub async fn survey(context: &Context, target: &Target<'_>, member: &mut Member) {
    let client = member.client(target, &context.credentials);
    let Some(volumes) = member.volumes(&client).await else {
        return;
    };
    let names = volumes.refs.iter().map(|counts| &counts.secret_ref);
    let owed = context
        .followers
        .lock()
        .count(&ObjectRef::from_obj(target.vault), names);
    for name in owed {
        context.changes.announce(Change::SecretRef(key(&name)));
    }
}

fn key(name: &SecretRefName) -> ObjectRef<SecretRef> {
    ObjectRef::new(name.name.as_str()).within(name.namespace.as_str())
}

/// Tells the vaults of every SecretRef that is not there any more.
pub async fn part(context: &Context) {
    let exists = |name: &SecretRefName| context.stores.secret_refs.get(&key(name)).is_some();
    context.followers.lock().keep(exists);
    tell_parted(context).await;
}

/// Tells the vaults of the `SecretRef`s that were deleted. A vault that does not answer is not asked twice.
async fn tell_parted(context: &Context) {
    let parted = context.followers.lock().parted();
    let mut silent = HashSet::new();
    for name in parted {
        let owed = context.followers.lock().owed(&name);
        for vault in owed.iter().flat_map(|(_, vaults)| vaults) {
            if !silent.contains(vault) {
                let told = tell_one(context, vault, &name).await;
                if !settle(context, &name, vault, &Edition::Gone, told) {
                    silent.insert(vault.clone());
                }
            }
        }
        leave(context, &name);
    }
}

/// Tells the vaults of this SecretRef, if it is not there any more.
async fn depart(context: &Context, secret_ref: &ObjectRef<SecretRef>) {
    if context.stores.secret_refs.get(secret_ref).is_some() {
        return;
    }
    let namespace = secret_ref.namespace.as_deref().unwrap_or_default().parse();
    if let (Ok(namespace), Ok(name)) = (namespace, secret_ref.name.parse()) {
        context.followers.lock().part(&SecretRefName { namespace, name });
        tell_parted(context).await;
    }
}

/// Goes on telling of the `SecretRef`s that are deleted; those that exist are told of when they are reconciled.
pub async fn partings(context: Arc<Context>) {
    let mut changes = context.changes.subscribe();
    let mut every = tokio::time::interval(AGAIN);
    loop {
        let change = tokio::select! {
            _ = every.tick() => Err(RecvError::Lagged(0)),
            change = changes.recv() => change,
        };
        match change {
            Ok(Change::SecretRef(secret_ref)) => depart(&context, &secret_ref).await,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => part(&context).await,
            Err(RecvError::Closed) => return,
        }
    }
}
