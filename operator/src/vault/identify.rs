//! Finds out whether a vault is the one that it says it is.

use kube::ResourceExt;
use strongroom_crds::Vault;
use uuid::Uuid;

use super::{
    apply::{self, ApplyError},
    identity::{self, IdentityProblem},
};
use crate::{
    context::Context,
    fleet::Member,
    record::{Kept, Record, RecordError, Records, Used},
    target::Target,
};

/// Why it is not known.
#[derive(Debug, thiserror::Error)]
pub enum IdentifyError {
    /// The seal Secret could not be read.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// What is remembered of this vault, or of others, could not be read or written.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Identifies the vault, once for each id that it claims: from then on what is remembered is of that id. The objects of the
/// vault are read only where its id is not the one that is remembered.
pub(super) async fn identify(
    context: &Context,
    target: &Target<'_>,
    member: &Member,
    claimed: Uuid,
) -> Result<Result<(), IdentityProblem>, IdentifyError> {
    if member.memory.lock().is_identified(claimed) {
        return Ok(Ok(()));
    }
    member.memory.lock().doubt();
    let records = Records::new(&context.client, &context.settings.release_namespace);
    let mut kept = records.load(&target.reference).await?;
    let record = kept.as_ref().map(|kept| &kept.record);
    if record.is_none_or(|record| record.id != claimed) {
        let sealed = apply::sealed_vault_id(context, target).await?;
        if let Err(problem) = identity::judge(target, record, sealed.as_deref(), claimed) {
            return Ok(Err(problem));
        }
        // What an earlier build wrote of an id is believed of the Vault that had the id then.
        let was_ours = record.is_none() && remembers(target.vault, claimed);
        let others = others(context, target, claimed);
        let other = records.other_with(claimed, &target.reference).await?;
        if let Some(other) = other.or_else(|| others.first().filter(|_| !was_ours).cloned()) {
            return Ok(Err(IdentityProblem::Taken { claimed, other }));
        }
        if was_ours {
            kept = take_over_earlier(&records, target, claimed, others.is_empty()).await?;
        }
    }
    member.memory.lock().identify(claimed, kept);
    Ok(Ok(()))
}

/// Takes over the anchor that an earlier build kept under the id; empties it where no other Vault has that id.
async fn take_over_earlier(
    records: &Records,
    target: &Target<'_>,
    id: Uuid,
    is_only_ours: bool,
) -> Result<Option<Kept>, RecordError> {
    let Some(anchor) = records.earlier(id).await? else {
        return Ok(None);
    };
    let record = Record {
        uid: target.uid.to_owned(),
        id,
        anchor,
        pushed: None,
        used: Used::default(),
    };
    let kept = records.store(&target.reference, None, record).await?;
    if is_only_ours {
        records.empty_earlier(id).await?;
    }
    Ok(Some(kept))
}

/// The other Vaults whose status names this id.
fn others(context: &Context, target: &Target<'_>, id: Uuid) -> Vec<String> {
    let vaults = context.stores.vault_store().state();
    let others = vaults
        .iter()
        .filter(|vault| vault.metadata.uid.as_deref() != Some(target.uid) && remembers(vault, id));
    others
        .map(|vault| format!("{}/{}", vault.namespace().unwrap_or_default(), vault.name_any()))
        .collect()
}

fn remembers(vault: &Vault, id: Uuid) -> bool {
    let known = vault
        .status
        .as_ref()
        .and_then(|status| status.vault_id.as_deref());
    known.and_then(|known| known.parse().ok()) == Some(id)
}
