//! One pass over one vault: its objects, and what is to be stored and reported of it. Policy is not brought here, but by
//! [`enforce`](super::enforce).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use kube::runtime::{controller::Action, reflector::ObjectRef};
use strongroom_core::causes;
use strongroom_crds::{ApiError, Vault, vault::VaultPolicyStatus};

use super::{
    apply::{self, Applied, ApplyError},
    look::look,
    neighbour::neighbour,
    obstacle::obstacle_of,
    report::{Found, Obstacle, Surroundings, is_paused, report},
};
use crate::{
    conditions::is_ready,
    context::Context,
    fleet::{Basis, Conversation, Member, NoStatus, Sighting},
    jitter, policy,
    record::Records,
    secret_ref, status,
    target::{Target, TargetError},
    world::Change,
};

/// How often a vault that is well is looked at. What the vault itself says wakes the reconciler besides.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often a vault that is not is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// From one attempt to the next after the operator itself failed.
const RETRY_EVERY: Duration = Duration::from_secs(5);
/// How often the objects of a vault that is well are compared with what they should be.
const APPLY_EVERY: Duration = Duration::from_mins(5);
/// How long a failure may pass by itself before it is reported: an API server that starts again is back sooner.
const PASSING: Duration = Duration::from_mins(1);

/// Why a pass ended early. Each is tried again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The Vault object cannot be acted on by this release.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The objects could not be applied.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The status could not be written.
    #[error("cannot write the vault's status")]
    Status(#[source] ApiError),
}

/// When to try again after an error.
pub fn retry(vault: &Vault, error: &ReconcileError, context: &Context) -> Action {
    context.metrics.count_failure("vault");
    tracing::warn!(vault = %ObjectRef::from_obj(vault), error = %causes(error), "cannot reconcile the vault");
    Action::requeue(jitter::around(RETRY_EVERY))
}

/// Applies the objects, stores what the vault said, reports on its policies and on itself. None of these waits for, or
/// stops at, what becomes of another.
pub async fn reconcile(vault: Arc<Vault>, context: Arc<Context>) -> Result<Action, ReconcileError> {
    context.metrics.count_pass("vault");
    if vault.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    let (target, unreadable) = match Target::parse(&vault) {
        Ok(target) => (target, None),
        Err(TargetError::Spec(problem)) => (Target::address(&vault)?, Some(problem)),
        Err(error @ (TargetError::Name(_) | TargetError::Uid)) => return Err(error.into()),
    };
    let member = context.fleet.member(target.uid);
    let conversation = member.conversation.lock().clone();
    let conversation = conversation.as_deref();
    let (applied, is_noted, (), (), neighbour) = tokio::join!(
        Box::pin(bring_up(&context, &target, &member, unreadable.is_none())),
        note(&context, &target, &member, conversation),
        report_policies(&context, &target, conversation),
        count_volumes(&context, &target, &member, conversation),
        neighbour(&context, &target, &member),
    );
    let obstacle = match unreadable {
        Some(problem) => Some(Obstacle::SpecUnreadable(problem)),
        None => lasting_obstacle(&context, &target, &member, applied.problem).await?,
    };
    let status = match conversation.map(|conversation| &conversation.status) {
        Some(Ok(status)) => Ok(status),
        Some(Err(problem)) => Err(problem.clone()),
        None => Err(NoStatus::Silent("the operator has not asked it yet".to_owned())),
    };
    let is_silent = matches!(status, Err(NoStatus::Silent(_)));
    let is_late = obstacle.is_none() && !vault.spec.is_paused() && (is_silent || applied.pods.ready == 0);
    let sighting = if is_late {
        look(&context, &target, &member).await
    } else {
        Sighting::default()
    };
    let found = Found {
        obstacle,
        pods: applied.pods,
        volume_size: applied.volume_size,
        sighting,
        status,
    };
    let surroundings = Surroundings {
        neighbour,
        ..of_conversation(conversation)
    };
    // A paused vault waits for its owner, and so does one whose spec is unreadable. An edit wakes the reconciler.
    let waits = is_paused(&target, found.pods) || matches!(found.obstacle, Some(Obstacle::SpecUnreadable(_)));
    let is_ready = publish(&context, &target, &found, &surroundings).await?;
    let is_well = (is_ready || waits) && is_noted;
    tracing::debug!(vault = %target.reference, is_well, "reconciled");
    Ok(Action::requeue(jitter::around(if is_well {
        LOOK_EVERY
    } else if matches!(found.obstacle, Some(Obstacle::Failing(_))) {
        RETRY_EVERY
    } else {
        LOOK_AGAIN
    })))
}

/// What is to be reported of what kept the objects from being applied. Errors: what may pass by itself, and has not lasted
/// yet.
async fn lasting_obstacle(
    context: &Context,
    target: &Target<'_>,
    member: &Member,
    problem: Option<ApplyError>,
) -> Result<Option<Obstacle>, ApplyError> {
    let found = match problem {
        Some(problem) => obstacle_of(context, target, problem).await.map(Some),
        None => Ok(None),
    };
    let error = match found {
        Ok(Some(Obstacle::Failing(error))) => error,
        Ok(other) => {
            member.progress.lock().failing = None;
            return Ok(other);
        }
        Err(error) => {
            let since = *member.progress.lock().failing.get_or_insert_with(Instant::now);
            if since.elapsed() < PASSING {
                return Err(error);
            }
            error
        }
    };
    context.metrics.count_failure("vault");
    tracing::warn!(vault = %target.reference, error = %causes(&error), "cannot apply the vault's objects");
    Ok(Some(Obstacle::Failing(error)))
}

/// Applies the objects when that is due, as after an edit or after an authority has moved on, and the spec can be read; else
/// only counts what is ready.
async fn bring_up(context: &Context, target: &Target<'_>, member: &Member, is_readable: bool) -> Applied {
    let basis = Basis {
        generation: target.vault.metadata.generation,
        authorities: context.authorities.read().fingerprint(),
    };
    let has_aged = |(when, of): &(Instant, Basis)| when.elapsed() >= APPLY_EVERY || *of != basis;
    let is_due = member.progress.lock().applied.as_ref().is_none_or(has_aged);
    if !is_due || !is_readable {
        return match apply::pods(context, target).await {
            Ok(pods) => Applied {
                pods,
                ..Applied::default()
            },
            Err(error) => Applied {
                problem: Some(error),
                ..Applied::default()
            },
        };
    }
    let applied = apply::apply(context, target).await;
    if applied.problem.is_none() {
        member.progress.lock().applied = Some((Instant::now(), basis));
    }
    applied
}

/// Stores which vault the seal key has opened, and what is remembered of the vault. Returns whether that is done.
async fn note(
    context: &Context,
    target: &Target<'_>,
    member: &Member,
    conversation: Option<&Conversation>,
) -> bool {
    let mut is_done = true;
    if let Some(Ok(status)) = conversation.map(|conversation| &conversation.status)
        && member.memory.lock().is_identified(status.vault_id)
        && let Err(error) = apply::remember_vault_id(context, target, status.vault_id).await
    {
        tracing::warn!(vault = %target.reference, error = %causes(&error), "cannot note the vault's id");
        is_done = false;
    }
    let due = member.memory.lock().due();
    if let Some((record, before)) = due {
        let records = Records::new(&context.client, &context.settings.release_namespace);
        match records.store(&target.reference, before.as_ref(), record).await {
            Ok(kept) => member.memory.lock().store(kept),
            Err(error) => {
                tracing::warn!(vault = %target.reference, error = %causes(&error), "cannot store what is remembered of the vault");
                // Another may have written it: the next contact reads it again.
                member.memory.lock().doubt();
                is_done = false;
            }
        }
    }
    is_done
}

/// Reports on the policies, by what the vault has confirmed last. Before it was asked there is nothing to say.
async fn report_policies(context: &Context, target: &Target<'_>, conversation: Option<&Conversation>) {
    if let Some(Conversation { policy, .. }) = conversation {
        let policies = context.stores.policies_of(&ObjectRef::from_obj(target.vault));
        let compiled = policy::compile_all(&policies, &context.stores.directory());
        policy::report_all(context, target, &compiled, policy.as_ref().ok()).await;
    }
}

/// Counts the volumes of a vault that answers.
async fn count_volumes(
    context: &Context,
    target: &Target<'_>,
    member: &Member,
    conversation: Option<&Conversation>,
) {
    if conversation.is_some_and(|conversation| conversation.status.is_ok()) {
        let client = member.client(target, &context.credentials);
        secret_ref::count_volumes(context, &target.reference, &client).await;
    }
}

/// What the report says of the policy in force, and of the audit log.
fn of_conversation(conversation: Option<&Conversation>) -> Surroundings {
    let mut surroundings = Surroundings {
        missed_record: conversation.and_then(|conversation| conversation.missed_record),
        ..Surroundings::default()
    };
    match conversation.map(|conversation| &conversation.policy) {
        Some(Ok(in_force)) => {
            surroundings.policy = Some(VaultPolicyStatus {
                generation: in_force.generation().to_string(),
                policies: i32::try_from(in_force.policies.len()).unwrap_or(i32::MAX),
            });
        }
        Some(Err(problem)) => surroundings.policy_problem = Some(problem.clone()),
        None => {}
    }
    surroundings
}

/// Publishes the status. Returns whether all is well.
async fn publish(
    context: &Context,
    target: &Target<'_>,
    found: &Found<'_>,
    surroundings: &Surroundings,
) -> Result<bool, ReconcileError> {
    let settings = &context.settings;
    let next = report(target, settings, found, surroundings, Timestamp::now());
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
