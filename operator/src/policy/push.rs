//! Brings policy to a vault: at most one bundle a second, a confirmation every ten.

use std::time::{Duration, Instant};

use kube::runtime::reflector::ObjectRef;
use strongroom_client::admin::{AdminClient, AdminError};
use strongroom_core::{Bundle, Generation};
use strongroom_wire::admin::PolicyStatus;

use super::{compile::Compiled, freeze::freeze};
use crate::{
    context::Context,
    fleet::{InForce, Member},
    target::Target,
    world::Change,
};

/// How long to wait at least from one bundle to the next.
const PUSH_INTERVAL: Duration = Duration::from_secs(1);
/// How often a vault is told that its policy is still meant.
const CONFIRM_INTERVAL: Duration = Duration::from_secs(9);

/// Why policy was not brought to a vault.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The vault has not said yet which one it is.
    #[error("the vault has not answered yet")]
    Unknown,
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

/// Brings the compiled policy to the vault, or confirms the one in force.
pub async fn enforce(
    context: &Context,
    target: &Target<'_>,
    compiled: &[Compiled],
    member: &mut Member,
) -> Result<(), PushError> {
    let client = member.client(target, &context.credentials);
    let vault_id = member
        .status
        .as_ref()
        .map(|(_, status)| status.vault_id.clone())
        .ok_or(PushError::Unknown)?;
    take_over(&client, member).await?;
    let before = member
        .in_force
        .as_ref()
        .map_or(&[][..], |in_force| &in_force.policies);
    let (policies, frozen) = freeze(compiled, before);
    match &mut member.in_force {
        Some(in_force)
            if in_force.policies == policies && Some(in_force.generation().epoch) == member.epoch =>
        {
            in_force.frozen = frozen;
            confirm(&client, member).await
        }
        _ => {
            let bundle = Bundle::new(vault_id, next_generation(member), policies);
            let result = push(&client, member, bundle, frozen).await;
            context.metrics.pushed(result.is_ok());
            if result.is_ok() {
                context
                    .changes
                    .announce(Change::Enforcement(ObjectRef::from_obj(target.vault)));
            }
            result
        }
    }
}

/// At the first contact: learns what is in force, and takes the next epoch. A vault that was put back to an older
/// store is taken over again.
async fn take_over(client: &AdminClient, member: &mut Member) -> Result<(), PushError> {
    let says = member
        .status
        .as_ref()
        .and_then(|(_, status)| status.policy.clone());
    let known = member.in_force.as_ref().map(|in_force| in_force.status.clone());
    if member.epoch.is_some() && (known.is_none() || says == known) {
        return Ok(());
    }
    if member.epoch.is_some() && says.as_ref().map(|p| p.generation) > known.as_ref().map(|p| p.generation) {
        return Err(PushError::Deposed);
    }
    let fence = member.status.as_ref().and_then(|(_, status)| status.fence);
    let bundle = match client.bundle().await {
        Ok(bundle) => bundle,
        // A later release's: what it granted cannot be compared with, and is replaced.
        Err(AdminError::Malformed(_)) if fence.is_some() => None,
        Err(error) => return Err(error.into()),
    };
    member.epoch = Some(next_epoch(bundle.as_ref().map(|bundle| bundle.generation), fence));
    member.in_force = bundle
        .zip(says)
        .map(|(bundle, status)| InForce::new(bundle, status, false));
    member.confirmed = None;
    Ok(())
}

/// One epoch more than any that the vault has taken. Of a bundle that it cannot read, a later release's, it still tells
/// the fence.
fn next_epoch(bundle: Option<Generation>, fence: Option<Generation>) -> u64 {
    let greatest = bundle.max(fence).unwrap_or_default();
    greatest.epoch.saturating_add(1)
}

fn next_generation(member: &Member) -> Generation {
    let epoch = member.epoch.unwrap_or(1);
    let n = member
        .in_force
        .as_ref()
        .map(InForce::generation)
        .filter(|generation| generation.epoch == epoch)
        .map_or(1, |generation| generation.n + 1);
    Generation { epoch, n }
}

async fn push(
    client: &AdminClient,
    member: &mut Member,
    bundle: Bundle,
    frozen: bool,
) -> Result<(), PushError> {
    let wait = member
        .confirmed
        .and_then(|when| PUSH_INTERVAL.checked_sub(when.elapsed()));
    tokio::time::sleep(wait.unwrap_or_default()).await;
    let bytes = serde_json::to_vec(&bundle).map_err(PushError::Write)?;
    let status = client.put_bundle(bytes.into()).await?;
    member.in_force = Some(InForce::new(bundle, status, frozen));
    member.confirmed = Some(Instant::now());
    Ok(())
}

async fn confirm(client: &AdminClient, member: &mut Member) -> Result<(), PushError> {
    let Some(status) = member.in_force.as_ref().map(|in_force| in_force.status.clone()) else {
        return Ok(());
    };
    if member
        .confirmed
        .is_some_and(|when| when.elapsed() < CONFIRM_INTERVAL)
    {
        return Ok(());
    }
    let confirmed: PolicyStatus = client.confirm(&status).await?;
    if confirmed.generation > status.generation {
        return Err(PushError::Deposed);
    }
    member.confirmed = Some(Instant::now());
    Ok(())
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
            "a vault of an earlier release tells no fence"
        );
    }
}
