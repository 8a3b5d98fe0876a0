//! One pass over one SecretRef.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{
    Resource,
    runtime::{controller::Action, events::EventType, reflector::ObjectRef},
};
use strongroom_core::{
    NamedObject, NamespaceName, ObjectKind, ObjectState, Permission, ResourceName, SecretRefName, Uid,
};
use strongroom_crds::{
    SecretRef, Vault,
    condition::{AUTHORIZED, READY},
    secret_ref::{Source, VolumeCounts},
};
use strongroom_wire::admin::{Resolve, Volumes};

use super::{
    report::{Finding, report},
    tell,
};
use crate::{context::Context, events, fleet::Member, status, target::Target};

/// How often a SecretRef is resolved again: objects of the vault change without the API server hearing of it.
const RESOLVE_EVERY: Duration = Duration::from_secs(30);
/// The same while something is missing, or a vault is yet to be told of a change.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Why a pass ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The status could not be written.
    #[error("cannot write the SecretRef's status")]
    Status(#[source] kube::Error),
}

/// When to try again after an error.
pub fn retry(secret_ref: &SecretRef, error: &ReconcileError, context: &Context) -> Action {
    context.metrics.failed("secretref");
    tracing::warn!(secret_ref = %ObjectRef::from_obj(secret_ref), %error, "cannot reconcile the SecretRef");
    Action::requeue(crate::jitter::around(LOOK_AGAIN))
}

/// What a SecretRef asks, parsed: each file's path and, where it is a secret, the object.
struct Question {
    namespace: NamespaceName,
    name: ResourceName,
    account: ResourceName,
    files: Vec<(String, NamedObject)>,
}

/// Resolves, counts, tells the vaults of changes, reports.
pub async fn reconcile(secret_ref: Arc<SecretRef>, context: Arc<Context>) -> Result<Action, ReconcileError> {
    context.metrics.reconciled("secretref");
    let name = tell::see(&context, &secret_ref);
    let question = parse(&secret_ref);
    let (finding, volumes) = match &question {
        Err(problem) => (Finding::Unreadable(problem.clone()), None),
        Ok(question) => find(&context, &secret_ref, question).await,
    };
    let all_told = match &name {
        Some(name) => tell::tell(&context, name).await,
        None => true,
    };
    let announced = name.is_some_and(|name| context.followers.lock().is_announced(&name));
    let next = report(&secret_ref, &finding, volumes, announced, Timestamp::now());
    let written = status::write(&context.client, &*secret_ref, secret_ref.status.as_ref(), &next)
        .await
        .map_err(ReconcileError::Status)?;
    let ready = next.conditions.iter().find(|condition| condition.type_ == READY);
    let before = secret_ref.status.as_ref().and_then(|status| {
        status
            .conditions
            .iter()
            .find(|condition| condition.type_ == READY)
    });
    if let Some(ready) = ready.filter(|ready| written && before.is_none_or(|b| b.reason != ready.reason)) {
        let type_ = if ready.status == "True" {
            EventType::Normal
        } else {
            EventType::Warning
        };
        let reference = secret_ref.object_ref(&());
        events::publish(
            &context,
            &reference,
            type_,
            &ready.reason,
            "Resolve",
            &ready.message,
        )
        .await;
    }
    let well = ready.is_some_and(|ready| ready.status == "True");
    Ok(Action::requeue(crate::jitter::around(if well && all_told {
        RESOLVE_EVERY
    } else {
        LOOK_AGAIN
    })))
}

fn parse(secret_ref: &SecretRef) -> Result<Question, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut files = Vec::new();
    for file in &secret_ref.spec.files {
        if let Source::Secret { name, version } = file.source().map_err(|error| text(&error))? {
            files.push((
                file.path.clone(),
                NamedObject {
                    kind: ObjectKind::Secrets,
                    name,
                    version,
                },
            ));
        }
    }
    Ok(Question {
        namespace: secret_ref
            .metadata
            .namespace
            .as_deref()
            .unwrap_or_default()
            .parse()
            .map_err(|e| text(&e))?,
        name: secret_ref
            .metadata
            .name
            .as_deref()
            .unwrap_or_default()
            .parse()
            .map_err(|e| text(&e))?,
        account: secret_ref
            .spec
            .service_account_name
            .parse()
            .map_err(|e| text(&e))?,
        files,
    })
}

/// What the account named would meet. The vault decides; what is decided here first only keeps a SecretRef from
/// learning whether a vault exists that its account has nothing to do with.
async fn find(
    context: &Context,
    secret_ref: &SecretRef,
    question: &Question,
) -> (Finding, Option<VolumeCounts>) {
    if question.files.is_empty() {
        // The trust bundle alone, which is everyone's.
        return (Finding::Resolved(Vec::new()), None);
    }
    let reference = &secret_ref.spec.vault_ref;
    let local = secret_ref.metadata.namespace.as_deref() == Some(reference.namespace.as_str());
    let Some(account) = context.stores.account(&question.namespace, &question.account) else {
        return (Finding::AccountNotFound, None);
    };
    let key: ObjectRef<Vault> = tell::named(secret_ref);
    let Some(vault) = context.stores.vaults.get(&key) else {
        return (
            if local {
                Finding::VaultNotFound
            } else {
                Finding::NotPermitted
            },
            None,
        );
    };
    let Ok(target) = Target::parse(&vault) else {
        return (Finding::NotPermitted, None);
    };
    let member = context.fleet.member(target.uid);
    let mut member = member.lock().await;
    if !may_read_something(&member, secret_ref, &account, question) {
        return (Finding::NotPermitted, None);
    }
    let client = member.client(&target, &context.credentials);
    let name = SecretRefName {
        namespace: question.namespace.clone(),
        name: question.name.clone(),
    };
    context.followers.lock().may_follow(&name, &key);
    let volumes = member
        .volumes(&client)
        .await
        .map(|volumes| counts(volumes, &name));
    let objects: Vec<_> = question.files.iter().map(|(_, object)| object.clone()).collect();
    match client
        .resolve(&Resolve {
            subject: account,
            objects,
        })
        .await
    {
        Ok(resolved) => {
            let paths = question.files.iter().map(|(path, _)| path.clone());
            let states = resolved
                .objects
                .into_iter()
                .chain(std::iter::repeat(ObjectState::NotFound));
            (Finding::Resolved(paths.zip(states).collect()), volumes)
        }
        Err(error) => (Finding::VaultNotReady(error.to_string()), volumes),
    }
}

/// Whether policy lets the account read one of the objects, as far as it is known here.
fn may_read_something(member: &Member, secret_ref: &SecretRef, account: &Uid, question: &Question) -> bool {
    let Some(in_force) = &member.in_force else {
        return was_authorized(secret_ref);
    };
    let allowed = |object: &NamedObject| {
        in_force
            .index
            .decide(account, Permission::SecretGet, &object.name)
            .is_allowed()
    };
    question.files.iter().any(|(_, object)| allowed(object))
}

/// Whether the leader before found that this spec's account may read here. What a new leader does not know yet is no
/// reason to take that back, and tells the account nothing that it was not told before.
fn was_authorized(secret_ref: &SecretRef) -> bool {
    secret_ref.status.as_ref().is_some_and(|status| {
        let authorized = |condition: &Condition| condition.type_ == AUTHORIZED && condition.status == "True";
        status.observed_generation == secret_ref.metadata.generation
            && status.conditions.iter().any(authorized)
    })
}

/// The counts of one SecretRef; none are zero.
fn counts(volumes: &Volumes, name: &SecretRefName) -> VolumeCounts {
    let counts = volumes.refs.iter().find(|counts| counts.secret_ref == *name);
    let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    counts.map_or_else(VolumeCounts::default, |counts| VolumeCounts {
        total: count(counts.total),
        current: count(counts.current),
        outdated: count(counts.outdated),
        failing: count(counts.failing),
    })
}
