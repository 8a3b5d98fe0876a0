//! One pass over one vault.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kube::runtime::{controller::Action, reflector::ObjectRef};
use strongroom_core::causes;
use strongroom_crds::{Vault, vault::VaultPolicyStatus};

use super::{
    apply::{self, ApplyError},
    contact::{Contact, ContactError},
    neighbour::foreign_pod,
    obstacle::outcome_of,
    report::{PassOutcome, Surroundings, report},
};
use crate::{
    conditions::{Health, Reason, is_ready},
    context::Context,
    fleet::{InForce, Member},
    jitter,
    lease::LeaseError,
    policy::{self, PushError},
    secret_ref,
    sentence::sentence,
    status,
    target::{Target, TargetError},
    world::Change,
};

/// How often a vault that is well is asked how it is and confirms its policy.
const CONFIRM_EVERY: Duration = Duration::from_secs(10);
/// How often a vault that is not is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How often the objects of a vault that is well are compared with what they should be.
const APPLY_EVERY: Duration = Duration::from_mins(5);

/// Why a pass ended early. Each is tried again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The Vault object cannot be acted on by this release.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The objects could not be applied.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The vault's status could not be acted on.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// The status could not be written.
    #[error("cannot write the vault's status")]
    Status(#[source] kube::Error),
    /// This replica does not know that it leads.
    #[error(transparent)]
    Lease(LeaseError),
}

/// When to try again after an error.
pub fn retry(vault: &Vault, error: &ReconcileError, context: &Context) -> Action {
    context.metrics.count_failure("vault");
    tracing::warn!(vault = %ObjectRef::from_obj(vault), error = %causes(error), "cannot reconcile the vault");
    Action::requeue(jitter::around(Duration::from_secs(5)))
}

/// Applies the objects, asks the vault, brings it the policy, reports.
pub async fn reconcile(vault: Arc<Vault>, context: Arc<Context>) -> Result<Action, ReconcileError> {
    context.metrics.count_pass("vault");
    if vault.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    let target = Target::parse(&vault)?;
    let member = context.fleet.member(target.uid);
    let client = member.client(&target, &context.credentials);
    let contact = Contact {
        context: &context,
        target: &target,
        member: &member,
        client: &client,
    };
    let mut outcome = match bring_up(&context, &target, &member).await {
        Ok(ready_replicas) => PassOutcome::Running {
            ready_replicas,
            status: contact.ask().await?.map(Box::new),
        },
        Err(error) => outcome_of(&context, &target, error).await?,
    };
    let surroundings = converse(&contact, &mut outcome).await?;
    let is_well = publish(&context, &target, &outcome, &surroundings).await?;
    tracing::debug!(vault = %target.reference, is_well, "reconciled");
    Ok(Action::requeue(jitter::around(if is_well {
        CONFIRM_EVERY
    } else {
        LOOK_AGAIN
    })))
}

/// Applies the objects when that is due; else only counts what is ready.
async fn bring_up(context: &Context, target: &Target<'_>, member: &Member) -> Result<i32, ApplyError> {
    let generation = target.vault.metadata.generation;
    let applied = member.progress.lock().applied;
    let is_due = applied.is_none_or(|(when, which)| when.elapsed() >= APPLY_EVERY || which != generation);
    if !is_due {
        return apply::ready_replicas(context, target).await;
    }
    let ready = apply::apply(context, target).await?;
    member.progress.lock().applied = Some((Instant::now(), generation));
    Ok(ready)
}

/// Brings the policy to a vault that answers, and counts its volumes; reports on the policies of any vault.
async fn converse(contact: &Contact<'_>, outcome: &mut PassOutcome) -> Result<Surroundings, ReconcileError> {
    let (context, target) = (contact.context, contact.target);
    let policies = context.stores.policies_of(&ObjectRef::from_obj(target.vault));
    let compiled = policy::compile_all(&policies, &context.stores.directory());
    let mut surroundings = Surroundings::default();
    let mut in_force = None;
    if let PassOutcome::Running {
        status: Ok(status), ..
    } = outcome
    {
        let result = policy::enforce(context, target, status, &compiled, contact.member).await;
        in_force = note_policy(result, &mut surroundings)?;
        secret_ref::count_volumes(context, &target.reference, contact.client).await;
        contact.refresh_generation(status).await;
    }
    policy::report_all(context, target, &compiled, in_force.as_ref()).await;
    if matches!(outcome, PassOutcome::Running { .. }) {
        surroundings.foreign_pod = foreign_pod(context, target, contact.member).await;
    }
    Ok(surroundings)
}

/// Notes what came of bringing the policy. Returns what the vault has confirmed just now, if it has.
fn note_policy(
    result: Result<InForce, PushError>,
    surroundings: &mut Surroundings,
) -> Result<Option<InForce>, ReconcileError> {
    match result {
        Ok(in_force) => {
            surroundings.policy = Some(VaultPolicyStatus {
                generation: in_force.generation().to_string(),
                policies: i32::try_from(in_force.policies.len()).unwrap_or(i32::MAX),
            });
            Ok(Some(in_force))
        }
        Err(PushError::Lease(error)) => Err(ReconcileError::Lease(error)),
        Err(error) => {
            surroundings.policy_problem = Some(policy_problem(&error));
            Ok(None)
        }
    }
}

fn policy_problem(error: &PushError) -> Health {
    let message = sentence(&format!("policy could not be brought to the vault: {error}"));
    match error {
        PushError::Conflict(conflict) if conflict.is_stalled => {
            Health::Stalled(Reason::new("PolicyConflict", message))
        }
        PushError::Conflict(_) => Health::Progressing(Reason::new("PolicyConflict", message)),
        PushError::Admin(_) | PushError::Write(_) | PushError::Lease(_) => {
            Health::Progressing(Reason::new("PolicyNotConfirmed", message))
        }
    }
}

/// Publishes the status. Returns whether all is well.
async fn publish(
    context: &Context,
    target: &Target<'_>,
    outcome: &PassOutcome,
    surroundings: &Surroundings,
) -> Result<bool, ReconcileError> {
    let settings = &context.settings;
    let next = report(target, settings, outcome, surroundings, Timestamp::now());
    let previous = target.vault.status.as_ref();
    let changed = status::publish(context, target.vault, previous, &next, "Reconcile")
        .await
        .map_err(ReconcileError::Status)?;
    if changed.reason {
        context
            .changes
            .announce(Change::Enforcement(ObjectRef::from_obj(target.vault)));
    }
    Ok(is_ready(&next.conditions))
}
