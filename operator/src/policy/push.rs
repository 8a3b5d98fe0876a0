//! Brings policy to a vault: at most one bundle a second, a confirmation every ten.
//!
//! The generations of a vault's bundles grow. These hold that, none of them a lock around a request:
//! - the queue never runs two passes over one Vault at a time, and policy is brought by those alone;
//! - the [`PolicyLedger`] issues each generation once and records forward only;
//! - the vault takes no bundle whose generation is not greater than the one that it has.

use std::time::Duration;

use kube::runtime::reflector::ObjectRef;
use strongroom_client::admin::{AdminClient, AdminError};
use strongroom_core::{Bundle, BundlePolicy, Generation};
use strongroom_wire::admin::Status;

use super::{compile::Compiled, freeze::freeze};
use crate::{
    context::Context,
    fleet::{InForce, Member, PolicyLedger, Standing},
    target::Target,
    world::Change,
};

/// How long to wait at least from one bundle to the next.
const PUSH_INTERVAL: Duration = Duration::from_secs(1);
/// How often a vault learns that its policy is still meant.
const CONFIRM_INTERVAL: Duration = Duration::from_secs(9);

/// Why policy was not brought to a vault.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The vault did not take it.
    #[error(transparent)]
    Admin(AdminError),
    /// The bundle could not be written.
    #[error("the policy could not be written as JSON")]
    Write(#[source] serde_json::Error),
    /// The vault has a bundle of a later leader: this operator must stop.
    #[error("another operator leads")]
    Deposed,
}

impl From<AdminError> for PushError {
    fn from(error: AdminError) -> Self {
        match error.code() {
            Some("StaleGeneration") => Self::Deposed,
            _ => Self::Admin(error),
        }
    }
}

/// Brings the compiled policy to the vault, or confirms the one in force. `status` is what the vault reported in this pass.
/// Returns what the vault enforces.
pub async fn enforce(
    context: &Context,
    target: &Target<'_>,
    status: &Status,
    compiled: &[Compiled],
    member: &Member,
) -> Result<InForce, PushError> {
    let client = member.client(target, &context.credentials);
    let ledger = &member.policy;
    take_over(&client, ledger, status).await?;
    let before = ledger.in_force();
    let (policies, frozen) = freeze(
        compiled,
        before.as_ref().map_or(&[][..], |before| &before.policies),
    );
    if let Some(in_force) = ledger.keep(&policies, frozen) {
        return confirm(&client, ledger, in_force).await;
    }
    let result = push(&client, ledger, status.vault_id.clone(), policies, frozen).await;
    context.metrics.count_push(result.is_ok());
    if result.is_ok() {
        context
            .changes
            .announce(Change::Enforcement(ObjectRef::from_obj(target.vault)));
    }
    result
}

/// Learns what is in force and takes the next epoch, where the vault does not enforce what this leader knows.
async fn take_over(client: &AdminClient, ledger: &PolicyLedger, status: &Status) -> Result<(), PushError> {
    match ledger.standing(status.policy.as_ref()) {
        Standing::Known => return Ok(()),
        Standing::Deposed => return Err(PushError::Deposed),
        Standing::Unknown => {}
    }
    let bundle = match client.bundle().await {
        Ok(bundle) => bundle,
        // A later release's: what it granted cannot be compared with, and is replaced.
        Err(AdminError::Malformed(_)) if status.fence.is_some() => None,
        Err(error) => return Err(error.into()),
    };
    let epoch = next_epoch(bundle.as_ref().map(|bundle| bundle.generation), status.fence);
    let found = bundle
        .zip(status.policy.clone())
        .map(|(bundle, id)| InForce::new(bundle, id, false));
    ledger.take_over(epoch, found);
    Ok(())
}

/// One epoch more than any that the vault has taken. A vault that cannot read its bundle, a later release's, still
/// reports the fence.
fn next_epoch(bundle: Option<Generation>, fence: Option<Generation>) -> u64 {
    let greatest = bundle.max(fence).unwrap_or_default();
    greatest.epoch.saturating_add(1)
}

async fn push(
    client: &AdminClient,
    ledger: &PolicyLedger,
    vault_id: String,
    policies: Vec<BundlePolicy>,
    frozen: bool,
) -> Result<InForce, PushError> {
    let wait = ledger
        .confirmed_since()
        .and_then(|since| PUSH_INTERVAL.checked_sub(since));
    tokio::time::sleep(wait.unwrap_or_default()).await;
    let bundle = Bundle::new(vault_id, ledger.issue(), policies);
    let bytes = serde_json::to_vec(&bundle).map_err(PushError::Write)?;
    let id = client.put_bundle(bytes.into()).await?;
    let in_force = InForce::new(bundle, id, frozen);
    ledger.record(in_force.clone());
    Ok(in_force)
}

/// Confirms what is in force, where that is due.
async fn confirm(
    client: &AdminClient,
    ledger: &PolicyLedger,
    in_force: InForce,
) -> Result<InForce, PushError> {
    let is_due = ledger
        .confirmed_since()
        .is_none_or(|since| since >= CONFIRM_INTERVAL);
    if is_due {
        let confirmed = client.confirm(&in_force.bundle).await?;
        if confirmed.generation > in_force.generation() {
            return Err(PushError::Deposed);
        }
        ledger.confirm();
    }
    Ok(in_force)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_epoch_is_greater_than_the_bundles_and_than_the_fence_of_one_that_cannot_be_read() {
        let at = |epoch| Some(Generation { epoch, n: 118 });
        assert_eq!(next_epoch(None, None), 1);
        assert_eq!(next_epoch(at(4), at(4)), 5);
        assert_eq!(next_epoch(None, at(9)), 10);
        assert_eq!(
            next_epoch(at(4), None),
            5,
            "a vault of an earlier release reports no fence"
        );
    }
}
