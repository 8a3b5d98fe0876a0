//! One pass over one vault.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Resource, ResourceExt,
    api::ListParams,
    runtime::{controller::Action, events::EventType, reflector::ObjectRef},
};
use strongroom_client::admin::{AdminClient, AdminError};
use strongroom_crds::{Vault, condition::READY};
use strongroom_wire::admin::Status;

use super::{
    anchor::{self, ACCEPT_ROLLBACK, Verdict},
    apply::{self, ApplyError},
    report::{Outcome, Surroundings, report},
};
use crate::{
    context::Context,
    events,
    fleet::Member,
    object::is_forbidden,
    policy::{self, Compiled, PushError},
    secret_ref, status,
    target::{Target, TargetError},
    world::Change,
};

/// How often a vault that is well is asked how it is and confirms its policy.
const CONFIRM_EVERY: Duration = Duration::from_secs(10);
/// How often a vault that is not is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// How often the objects of a vault that is well are compared with what they should be.
const ENSURE_EVERY: Duration = Duration::from_mins(5);

/// Why a pass ended early. Each is tried again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The Vault object cannot be acted on by this release.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The objects could not be applied.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The anchor could not be read or written.
    #[error("cannot keep the vault's anchor")]
    Anchor(#[source] kube::Error),
    /// The status could not be written.
    #[error("cannot write the vault's status")]
    Status(#[source] kube::Error),
    /// Another operator leads.
    #[error("another operator leads")]
    Deposed,
}

/// When to try again after an error.
pub fn retry(vault: &Vault, error: &ReconcileError, context: &Context) -> Action {
    context.metrics.failed("vault");
    tracing::warn!(vault = %ObjectRef::from_obj(vault), error = %report_chain(error), "cannot reconcile the vault");
    Action::requeue(crate::jitter::around(Duration::from_secs(5)))
}

fn report_chain(error: &ReconcileError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Loads, plans, applies, reports.
pub async fn reconcile(vault: Arc<Vault>, context: Arc<Context>) -> Result<Action, ReconcileError> {
    context.metrics.reconciled("vault");
    if vault.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    let target = Target::parse(&vault)?;
    let member = context.fleet.member(target.uid);
    let mut member = member.lock().await;
    let mut outcome = match bring_up(&context, &target, &mut member).await {
        Ok(ready_replicas) => {
            let client = member.client(&target, &context.credentials);
            let status = ask(&context, &target, &client, &mut member).await?;
            Outcome::Running {
                ready_replicas,
                status: status.map(Box::new),
            }
        }
        Err(error) => refusal(error)?,
    };
    let policies = context.stores.policies_of(&ObjectRef::from_obj(&*vault));
    let compiled = policy::compile_all(&policies, &context.stores.directory());
    let mut surroundings = Surroundings::default();
    if let Outcome::Running { status: Ok(_), .. } = &outcome {
        bring_policy(&context, &target, &compiled, &mut member, &mut surroundings).await?;
        secret_ref::survey(&context, &target, &mut member).await;
    }
    if let Outcome::Running {
        status: Ok(status), ..
    } = &mut outcome
    {
        settle_generation(&member.client(&target, &context.credentials), status).await;
    }
    let enforced =
        surroundings.policy_problem.is_none() && matches!(&outcome, Outcome::Running { status: Ok(_), .. });
    policy::report_all(
        &context,
        &target,
        &compiled,
        member.in_force.as_ref().filter(|_| enforced),
    )
    .await;
    if matches!(outcome, Outcome::Running { .. }) {
        surroundings.foreign_pod = foreign_pod(&context, &target, &mut member).await;
    }
    let well = publish(&context, &target, &outcome, &surroundings).await?;
    tracing::debug!(vault = %target.host(), well, "reconciled");
    Ok(Action::requeue(crate::jitter::around(if well {
        CONFIRM_EVERY
    } else {
        LOOK_AGAIN
    })))
}

/// Applies the objects when that is due; else only counts what is ready.
async fn bring_up(context: &Context, target: &Target<'_>, member: &mut Member) -> Result<i32, ApplyError> {
    let generation = target.vault.metadata.generation;
    let due = member
        .ensured
        .is_none_or(|(when, which)| when.elapsed() >= ENSURE_EVERY || which != generation);
    if !due {
        return apply::ready_replicas(context, target).await;
    }
    let ready = apply::apply(context, target).await?;
    member.ensured = Some((Instant::now(), generation));
    Ok(ready)
}

/// What an error of applying means to the vault's owner; `Err` where it only means to try again.
fn refusal(error: ApplyError) -> Result<Outcome, ReconcileError> {
    match error {
        ApplyError::Refused(refusal) => Ok(Outcome::Refused(refusal)),
        ApplyError::Api { source, .. } if is_forbidden(&source) && is_missing_right(&source) => {
            Ok(Outcome::NamespaceNotEnabled)
        }
        ApplyError::Api {
            object,
            source: kube::Error::Api(status),
        } if (400..500).contains(&status.code) && status.code != 409 && status.code != 429 => Ok(
            Outcome::ObjectRefused(format!("the API server refused {object}: {}", status.message)),
        ),
        other => Err(other.into()),
    }
}

/// A missing right of our own, not a quota or an admission rule, which are 403 too.
fn is_missing_right(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.message.contains("strongroom-operator\" cannot "))
}

/// Asks the vault how it is, and keeps its anchor.
async fn ask(
    context: &Context,
    target: &Target<'_>,
    client: &AdminClient,
    member: &mut Member,
) -> Result<Result<Status, String>, ReconcileError> {
    let mut status = match client.status().await {
        Ok(status) => status,
        Err(error) => {
            member.status = None;
            return Ok(Err(chain(&error)));
        }
    };
    apply::remember_vault_id(context, target, &status.vault_id).await?;
    let namespace = context.settings.release_namespace.as_str();
    if member.anchor.is_none() {
        member.anchor = anchor::load(&context.client, namespace, &status.vault_id)
            .await
            .map_err(ReconcileError::Anchor)?;
    }
    let accepted = target
        .vault
        .annotations()
        .get(ACCEPT_ROLLBACK)
        .map(String::as_str);
    match anchor::compare(member.anchor.as_ref(), &status, accepted) {
        Verdict::Same => {}
        Verdict::Anchor => keep_anchor(context, member, &status).await?,
        Verdict::Rollback(rollback) => {
            events::publish(
                context,
                &target.vault.object_ref(&()),
                EventType::Warning,
                "RollbackDetected",
                "Anchor",
                "The vault came back with an older store and answers no data.",
            )
            .await;
            if let Err(error) = client.rollback(&rollback).await {
                return Ok(Err(chain(&error)));
            }
            status.rollback = Some(rollback);
        }
        Verdict::Accept(rollback) => {
            if let Err(error) = client.rollback(&rollback).await {
                return Ok(Err(chain(&error)));
            }
            events::publish(
                context,
                &target.vault.object_ref(&()),
                EventType::Normal,
                "RollbackAccepted",
                "Anchor",
                "The vault serves its older store, as its owner asked.",
            )
            .await;
            status.rollback = None;
            keep_anchor(context, member, &status).await?;
        }
    }
    member.status = Some((Instant::now(), status.clone()));
    Ok(Ok(status))
}

/// Brings the generation of a store that was put back up to date: noting that, and bringing it the policy, are commits,
/// and its owner can accept only the generation that it is at.
async fn settle_generation(client: &AdminClient, status: &mut Status) {
    if status.rollback.is_some()
        && let Ok(now) = client.status().await
    {
        status.anchor = now.anchor;
    }
}

async fn keep_anchor(context: &Context, member: &mut Member, status: &Status) -> Result<(), ReconcileError> {
    let namespace = context.settings.release_namespace.as_str();
    anchor::store(&context.client, namespace, status)
        .await
        .map_err(ReconcileError::Anchor)?;
    member.anchor = Some(status.anchor.clone());
    Ok(())
}

fn chain(error: &AdminError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Brings the policy to the vault, or confirms it.
async fn bring_policy(
    context: &Context,
    target: &Target<'_>,
    compiled: &[Compiled],
    member: &mut Member,
    surroundings: &mut Surroundings,
) -> Result<(), ReconcileError> {
    match policy::enforce(context, target, compiled, member).await {
        Ok(()) => {
            surroundings.policy =
                member
                    .in_force
                    .as_ref()
                    .map(|in_force| strongroom_crds::vault::PolicyStatus {
                        generation: in_force.generation().to_string(),
                        policies: i32::try_from(in_force.policies.len()).unwrap_or(i32::MAX),
                    });
            Ok(())
        }
        Err(PushError::Deposed) => Err(ReconcileError::Deposed),
        Err(error) => {
            surroundings.policy_problem = Some(format!("policy could not be brought to the vault: {error}"));
            Ok(())
        }
    }
}

/// The name of a pod that shares the vault's namespace and is not a vault's. Costs a list of names, and so is asked
/// seldom.
async fn foreign_pod(context: &Context, target: &Target<'_>, member: &mut Member) -> Option<String> {
    if let Some((_, known)) = member
        .neighbour
        .as_ref()
        .filter(|(when, _)| when.elapsed() < ENSURE_EVERY)
    {
        return known.clone();
    }
    let api: Api<Pod> = Api::namespaced(context.client.clone(), target.namespace.as_str());
    let others = ListParams::default()
        .labels("app.kubernetes.io/name!=strongroom-vault")
        .limit(1);
    let found = api.list_metadata(&others).await.ok()?;
    let name = found.items.first().map(ResourceExt::name_any);
    member.neighbour = Some((Instant::now(), name.clone()));
    name
}

/// Writes the status if it says something new, and an event when readiness changed. Answers whether all is well.
async fn publish(
    context: &Context,
    target: &Target<'_>,
    outcome: &Outcome,
    surroundings: &Surroundings,
) -> Result<bool, ReconcileError> {
    let next = report(target, &context.settings, outcome, surroundings, Timestamp::now());
    let ready = next
        .conditions
        .iter()
        .find(|condition| condition.type_ == READY)
        .cloned();
    let well = ready.as_ref().is_some_and(|ready| ready.status == "True");
    let changed = status::write(&context.client, target.vault, target.vault.status.as_ref(), &next)
        .await
        .map_err(ReconcileError::Status)?;
    let before = target.vault.status.as_ref().and_then(|status| {
        status
            .conditions
            .iter()
            .find(|condition| condition.type_ == READY)
    });
    if let Some(ready) =
        ready.filter(|ready| changed && before.is_none_or(|before| before.reason != ready.reason))
    {
        let type_ = if well {
            EventType::Normal
        } else {
            EventType::Warning
        };
        events::publish(
            context,
            &target.vault.object_ref(&()),
            type_,
            &ready.reason,
            "Reconcile",
            &ready.message,
        )
        .await;
        context
            .changes
            .announce(Change::Enforcement(ObjectRef::from_obj(target.vault)));
    }
    Ok(well)
}
