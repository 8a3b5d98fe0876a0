//! Brings policy to a vault: at most one bundle a second, a confirmation every ten.
//!
//! The generations of a vault's bundles grow. These hold that, none of them a lock around a request:
//! - the queue never runs two enforcements at one Vault at a time, and policy is brought by those alone;
//! - the [`PolicyLedger`] issues each generation once and records forward only;
//! - the vault takes no bundle whose generation is not greater than the one that it has.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kube::runtime::reflector::ObjectRef;
use strongroom_client::admin::{AdminClient, AdminError};
use strongroom_core::{BundlePolicy, Generation};
use strongroom_wire::admin::{Confirm, Status};
use uuid::Uuid;

use super::{compile::Compiled, fit::fit, freeze::freeze};
use crate::{
    context::Context,
    fleet::{Conflict, InForce, Member, PolicyLedger, Standing},
    lease::LeaseError,
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
    /// The vault claims a bundle that this operator did not bring. Who leads is another question.
    #[error(
        "the vault claims to have policy that this operator did not bring: another operator serves it, or it is not the vault"
    )]
    Conflict(Conflict),
    /// This replica does not know that it leads, so that it must not take the vault over.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// This leader has not spoken with the vault yet, which gives no status.
    #[error("the vault gives no status")]
    Unknown,
}

impl From<AdminError> for PushError {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

impl From<Conflict> for PushError {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

/// How long to wait before the vault may get the next bundle; `None` if it may now.
pub fn time_to_next(member: &Member) -> Option<Duration> {
    let since = member.policy.confirmed_since()?;
    PUSH_INTERVAL.checked_sub(since).filter(|wait| !wait.is_zero())
}

/// Brings the compiled policy to the vault, or confirms the one in force. `status` is what the vault reported just now,
/// if it did: a vault that this leader knows gets its policy without. Returns what the vault enforces.
pub async fn enforce(
    context: &Context,
    target: &Target<'_>,
    status: Option<&Status>,
    compiled: &[Compiled],
    member: &Member,
) -> Result<InForce, PushError> {
    let client = member.client(target, &context.credentials);
    let ledger = &member.policy;
    if let Some(status) = status {
        take_over(context, ledger, status).await?;
    }
    let before = ledger.in_force();
    let vault_id = match (status, &before) {
        (Some(status), _) => status.vault_id,
        (None, Some(before)) if ledger.confirmed_since().is_some() => before.vault_id,
        (None, _) => return Err(PushError::Unknown),
    };
    let before = match (before, status) {
        (Some(before), _) => before.policies,
        (None, Some(status)) if compiled.iter().any(|policy| policy.result.is_err()) => {
            earlier(&client, member, status).await?
        }
        // Only freezing compares with it.
        (None, _) => Arc::default(),
    };
    let (policies, frozen) = freeze(compiled, &before);
    let policies = fit(policies).policies;
    if let Some(in_force) = ledger.keep(&policies, frozen) {
        return confirm(&client, ledger, in_force).await;
    }
    let result = push(&client, ledger, vault_id, policies, frozen).await;
    context.metrics.count_push(result.is_ok());
    if result.is_ok() {
        context
            .changes
            .announce(Change::Enforcement(ObjectRef::from_obj(target.vault)));
    }
    result
}

/// Takes the next epoch, where the vault does not enforce what this leader knows.
async fn take_over(context: &Context, ledger: &PolicyLedger, status: &Status) -> Result<(), PushError> {
    let standing = ledger.standing(status.policy.as_ref());
    if standing == Standing::Known {
        return Ok(());
    }
    ledger.claim(standing, Instant::now())?;
    // What the vault has may be a later leader's, of whom this replica has not heard yet.
    context.leadership.check().await?;
    Ok(ledger.take_over(greatest(status), status.policy.as_ref())?)
}

/// The policies in force at a vault that this leader has brought none to. The vault holds them, and proves by their hash
/// that they are what an operator brought last; of what it cannot prove nothing is granted.
async fn earlier(
    client: &AdminClient,
    member: &Member,
    status: &Status,
) -> Result<Arc<Vec<BundlePolicy>>, PushError> {
    let pushed = member.memory.lock().pushed(status.vault_id);
    let Some(pushed) = pushed.filter(|pushed| status.policy.as_ref() == Some(&pushed.bundle)) else {
        return Ok(Arc::default());
    };
    match client.bundle(&pushed.bundle, pushed.bytes).await {
        Ok(bundle) => Ok(Arc::new(bundle.policies)),
        // A later release's: what it granted cannot be compared with, and is replaced.
        Err(AdminError::Malformed(_)) => Ok(Arc::default()),
        Err(error) => Err(error.into()),
    }
}

/// The greatest generation that the vault claims to have taken. One that cannot read its bundle, a later release's,
/// still reports the fence.
fn greatest(status: &Status) -> Generation {
    let in_force = status.policy.as_ref().map(|policy| policy.generation);
    in_force.max(status.fence).unwrap_or_default()
}

async fn push(
    client: &AdminClient,
    ledger: &PolicyLedger,
    vault_id: Uuid,
    policies: Vec<BundlePolicy>,
    frozen: bool,
) -> Result<InForce, PushError> {
    let (in_force, bytes) =
        InForce::write(vault_id, ledger.issue()?, policies, frozen).map_err(PushError::Write)?;
    ledger.offer(in_force.clone());
    match client.put_bundle(bytes.into()).await {
        Ok(taken) if taken == in_force.bundle => {}
        Ok(_) => return Err(ledger.dispute(Instant::now()).into()),
        Err(error) if error.code() == Some("StaleGeneration") => {
            return Err(ledger.dispute(Instant::now()).into());
        }
        Err(error) => return Err(error.into()),
    }
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
        let confirm = Confirm {
            policy: in_force.bundle.clone(),
            time: u64::try_from(Timestamp::now().as_second()).ok(),
        };
        let confirmed = client.confirm(&confirm).await?;
        if confirmed != in_force.bundle {
            return Err(ledger.dispute(Instant::now()).into());
        }
        ledger.confirm();
    }
    Ok(in_force)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn status(policy: &Value, fence: &Value) -> Status {
        serde_json::from_value(json!({
            "vaultId": "e0000000-0000-4000-8000-000000000001", "version": "0.1.0",
            "anchor": {"generation": 1, "digest": "", "auditSequence": 0, "auditHash": ""},
            "policy": policy, "fence": fence,
            "seal": {"kind": "KubernetesSecret", "keyId": "k", "unsealed": true},
        }))
        .unwrap()
    }

    #[test]
    fn a_leader_begins_after_the_bundle_in_force_and_after_the_fence_of_one_that_cannot_be_read() {
        let at = |epoch| json!({"epoch": epoch, "n": 118});
        let bundle = |epoch| json!({"generation": at(epoch), "hash": ""});
        let greatest = |policy: Value, fence: Value| greatest(&status(&policy, &fence)).epoch;
        assert_eq!(greatest(Value::Null, Value::Null), 0);
        assert_eq!(greatest(bundle(4), at(4)), 4);
        assert_eq!(greatest(Value::Null, at(9)), 9);
        assert_eq!(greatest(bundle(4), Value::Null), 4);
    }
}
