//! Announces to vaults that a SecretRef changed, until each has taken the announcement.
//!
//! An announcement waits for nothing but the vault that it goes to: in particular not for a pass over that vault.

use std::time::{Duration, Instant};

use futures::future::join_all;
use kube::runtime::reflector::ObjectRef;
use strongroom_client::admin::{AdminClient, AdminError};
use strongroom_core::{SecretRefName, VaultRef};
use strongroom_crds::SecretRef;
use strongroom_wire::admin::Volumes;
use tokio::time::timeout;

use crate::{
    context::Context,
    target::Target,
    world::{Change, Edition},
};

/// How long a vault has to take an announcement before others are no longer kept waiting.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a vault has for a question.
pub(super) const ANSWER: Duration = Duration::from_secs(3);
/// How many SecretRefs that do not name a vault are believed to have volumes of it.
const LEFT_BEHIND: usize = 64;

/// Why a change was not announced to a vault.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnnounceError {
    /// There is no such vault.
    #[error("there is no such vault")]
    NoVault,
    /// The vault does not answer.
    #[error("the vault does not answer in time")]
    Slow,
    /// The vault refused the announcement, or could not be reached.
    #[error(transparent)]
    Admin(#[from] AdminError),
}

/// Observes a SecretRef as it is. `None` if no vault knows a SecretRef of such a name.
pub(super) fn observe(context: &Context, secret_ref: &SecretRef) -> Option<SecretRefName> {
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
    let is_announced = announced.is_some() && announced == metadata.generation;
    let named = named_vault(secret_ref);
    context
        .followers
        .lock()
        .observe(&name, edition, named.as_ref(), is_announced);
    Some(name)
}

/// The vault that a SecretRef names; `None` if no vault can have that name.
pub(super) fn named_vault(secret_ref: &SecretRef) -> Option<VaultRef> {
    let reference = &secret_ref.spec.vault_ref;
    Some(VaultRef::new(
        reference.namespace.parse().ok()?,
        reference.name.parse().ok()?,
    ))
}

/// Announces a SecretRef to every vault for which that is pending. Returns whether none is left.
pub(super) async fn announce(context: &Context, name: &SecretRefName) -> bool {
    let pending = context.followers.lock().pending(name);
    let Some((edition, vaults)) = pending else {
        return true;
    };
    let calls = vaults.into_iter().map(|vault| async move {
        let result = announce_to(context, &vault, name).await;
        (vault, result)
    });
    let mut none_left = true;
    for (vault, result) in join_all(calls).await {
        none_left &= record(context, name, &vault, &edition, result);
    }
    none_left
}

/// Records the result of one announcement. Returns whether it need not be repeated.
pub(super) fn record(
    context: &Context,
    name: &SecretRefName,
    vault: &VaultRef,
    edition: &Edition,
    result: Result<(), AnnounceError>,
) -> bool {
    let mut followers = context.followers.lock();
    match result {
        Ok(()) => followers.mark_announced(name, vault, edition),
        Err(AnnounceError::NoVault) => followers.forget_vault(name, vault),
        Err(error @ (AnnounceError::Slow | AnnounceError::Admin(_))) => {
            tracing::debug!(%error, %vault, secret_ref = %name, "a changed SecretRef was not announced");
            return false;
        }
    }
    true
}

pub(super) async fn announce_to(
    context: &Context,
    vault: &VaultRef,
    name: &SecretRefName,
) -> Result<(), AnnounceError> {
    let client = client(context, vault).ok_or(AnnounceError::NoVault)?;
    let call = timeout(PATIENCE, client.ref_changed(name)).await;
    Ok(call.map_err(|_| AnnounceError::Slow)??)
}

fn client(context: &Context, vault: &VaultRef) -> Option<AdminClient> {
    let vault = context.stores.vault(vault)?;
    let target = Target::address(&vault).ok()?;
    let member = context.fleet.member(target.uid);
    Some(member.client(&target, &context.credentials))
}

/// Forgets the vaults that know of the SecretRef and have no volumes of it any more.
pub(super) fn forget_empty(context: &Context, name: &SecretRefName) {
    let exists = |vault: &VaultRef| context.stores.vault(vault).is_some();
    context.followers.lock().forget_empty(name, exists);
}

/// Counts the volumes of a vault if that is due, and has the SecretRefs looked at of which an announcement to it is
/// pending.
pub async fn count_volumes(context: &Context, vault: &VaultRef, client: &AdminClient) {
    if !context.followers.lock().begin_count(vault, Instant::now()) {
        return;
    }
    let object = ObjectRef::new(vault.name.as_str()).within(vault.namespace.as_str());
    let expected = context.stores.secret_refs_of(&object).len();
    let counted = timeout(ANSWER, client.volumes(expected)).await;
    let counted = counted.map_err(|_| AnnounceError::Slow);
    let volumes = match counted.and_then(|answer| answer.map_err(AnnounceError::from)) {
        Ok(volumes) => Some(only_known(context, vault, volumes)),
        // SecretRefs keep the count that they have.
        Err(error) => {
            tracing::debug!(%error, %vault, "the volumes of the vault were not counted");
            None
        }
    };
    let pending = context.followers.lock().record_count(vault, volumes);
    for name in pending {
        let secret_ref = ObjectRef::new(name.name.as_str()).within(name.namespace.as_str());
        context.changes.announce(Change::SecretRef(secret_ref));
    }
}

/// What of a vault's count is kept: the SecretRefs that name it, and a few more, which a leader before may have left
/// behind when they moved or were deleted. A vault may make up any name.
fn only_known(context: &Context, vault: &VaultRef, counted: Volumes) -> Volumes {
    let names_it = |name: &SecretRefName| {
        let secret_ref = context.stores.secret_ref(name);
        secret_ref
            .and_then(|secret_ref| named_vault(&secret_ref))
            .as_ref()
            == Some(vault)
    };
    let (mut refs, others): (Vec<_>, Vec<_>) = counted
        .refs
        .into_iter()
        .partition(|counted| names_it(&counted.secret_ref));
    refs.extend(others.into_iter().take(LEFT_BEHIND));
    Volumes { refs }
}
