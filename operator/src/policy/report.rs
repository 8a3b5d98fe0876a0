//! What an `AccessPolicy`'s status says.

use jiff::Timestamp;
use kube::{
    Resource, ResourceExt,
    runtime::{events::EventType, reflector::ObjectRef},
};
use strongroom_crds::{
    AccessPolicy, AccessPolicyStatus,
    access_policy::{AllServiceAccounts, ServiceAccount, SubjectMember, SubjectState, SubjectStatus},
    condition::{ENFORCED, READY},
};

use super::{Compiled, PolicyProblem, Resolution};
use crate::{
    conditions::{Conditions, Health, Reason},
    context::Context,
    events,
    fleet::InForce,
    status,
    vault::{desired::Subject, sentence},
};

/// Whether and how a policy is enforced at its vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enforcement {
    /// The vault confirmed a bundle that holds it, of this generation.
    Enforced(String),
    /// The vault confirmed a bundle, but grants are frozen by a policy that cannot be read.
    Frozen(String),
    /// The vault does not answer or has not confirmed.
    NotConfirmed,
    /// There is no such vault.
    VaultNotFound,
}

/// The status of one policy. Pure.
pub fn report(
    policy: &AccessPolicy,
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
    now: Timestamp,
) -> AccessPolicyStatus {
    let previous = policy.status.clone().unwrap_or_default();
    let generation = policy.metadata.generation;
    let mut conditions = Conditions::new(&previous.conditions, generation, now);
    let health = health(result, enforcement);
    conditions.add_health(
        &health,
        &Reason::new("Enforced", "The vault decides by this policy."),
    );
    let (enforced, reason) = match (&health, enforcement) {
        (Health::Ready, _) => (
            Some(true),
            Reason::new("Enforced", "The vault decides by this policy."),
        ),
        (Health::Progressing(reason) | Health::Stalled(reason), Enforcement::NotConfirmed) => {
            (None, reason.clone())
        }
        (Health::Progressing(reason) | Health::Stalled(reason), _) => (Some(false), reason.clone()),
    };
    conditions.add(ENFORCED, enforced, &reason);
    AccessPolicyStatus {
        observed_generation: generation,
        enforced_generation: match enforcement {
            Enforcement::Enforced(generation) | Enforcement::Frozen(generation) => Some(generation.clone()),
            Enforcement::NotConfirmed | Enforcement::VaultNotFound => previous.enforced_generation,
        },
        subjects: match result {
            Ok(resolutions) => resolutions.iter().map(subject_status).collect(),
            Err(_) => previous.subjects,
        },
        conditions: conditions.finish(),
    }
}

fn health(result: &Result<Vec<Resolution>, PolicyProblem>, enforcement: &Enforcement) -> Health {
    let resolutions = match result {
        Err(problem) => {
            return Health::Stalled(Reason::new("PolicyUnreadable", sentence(&problem.to_string())));
        }
        Ok(resolutions) => resolutions,
    };
    if let Some(replaced) = resolutions
        .iter()
        .find(|r| r.state == SubjectState::NamespaceReplaced)
    {
        return Health::Stalled(Reason::new(
            "NamespaceReplaced",
            format!(
                "Namespace {} was deleted and made again since this policy was written. If the new one is meant too, edit the policy.",
                namespace(&replaced.subject)
            ),
        ));
    }
    match enforcement {
        Enforcement::VaultNotFound => Health::Progressing(Reason::new(
            "VaultNotFound",
            "There is no vault of this name in the namespace.",
        )),
        Enforcement::NotConfirmed => Health::Progressing(Reason::new(
            "NotConfirmed",
            "The vault has not confirmed this policy yet.",
        )),
        Enforcement::Frozen(_) => Health::Progressing(Reason::new(
            "GrantsFrozen",
            "Another policy of this vault cannot be read: until it can, nothing new is granted.",
        )),
        Enforcement::Enforced(_) => match resolutions.iter().find(|r| r.state == SubjectState::NotFound) {
            Some(missing) => Health::Progressing(Reason::new(
                "SubjectNotFound",
                format!(
                    "{} does not exist yet; it is meant as soon as it does.",
                    describe(&missing.subject)
                ),
            )),
            None => Health::Ready,
        },
    }
}

fn namespace(subject: &SubjectMember) -> &str {
    match subject {
        SubjectMember::ServiceAccount { namespace, .. } | SubjectMember::AllServiceAccounts { namespace } => {
            namespace.as_str()
        }
    }
}

fn describe(subject: &SubjectMember) -> String {
    match subject {
        SubjectMember::ServiceAccount { namespace, name } => format!("Service account {namespace}/{name}"),
        SubjectMember::AllServiceAccounts { namespace } => format!("Namespace {namespace}"),
    }
}

fn subject_status(resolution: &Resolution) -> SubjectStatus {
    let (service_account, all_service_accounts) = match &resolution.subject {
        SubjectMember::ServiceAccount { namespace, name } => (
            Some(ServiceAccount {
                namespace: namespace.to_string(),
                name: name.to_string(),
            }),
            None,
        ),
        SubjectMember::AllServiceAccounts { namespace } => (
            None,
            Some(AllServiceAccounts {
                namespace: namespace.to_string(),
            }),
        ),
    };
    SubjectStatus {
        service_account,
        all_service_accounts,
        namespace_uid: resolution.namespace_uid.as_ref().map(ToString::to_string),
        state: resolution.state,
    }
}

/// Writes the status of every policy of a vault. `in_force` is what the vault has confirmed just now, if it has.
pub async fn report_all(
    context: &Context,
    subject: &Subject<'_>,
    compiled: &[Compiled],
    in_force: Option<&InForce>,
) {
    for policy in context.caches.policies_of(&ObjectRef::from_obj(subject.vault)) {
        let name = policy.name_any();
        let Some(Compiled { result, .. }) = compiled.iter().find(|compiled| compiled.name == name) else {
            continue;
        };
        match &policy.0 {
            Ok(policy) => {
                let enforcement = enforcement(in_force, result);
                let resolutions = result.clone().map(|(_, resolutions)| resolutions);
                write(context, policy, &resolutions, &enforcement).await;
            }
            // Its status cannot be written without knowing what it is: the event says so.
            Err(invalid) => {
                let reference = policy.object_ref(&());
                let note = format!("The policy cannot be read by this release: {}", invalid.error);
                events::publish(
                    context,
                    &reference,
                    EventType::Warning,
                    "PolicyUnreadable",
                    "Compile",
                    &note,
                )
                .await;
            }
        }
    }
}

fn enforcement<P>(
    in_force: Option<&InForce>,
    result: &Result<(strongroom_core::BundlePolicy, P), PolicyProblem>,
) -> Enforcement {
    let Some(in_force) = in_force else {
        return Enforcement::NotConfirmed;
    };
    let generation = in_force.generation().to_string();
    match result {
        Ok((policy, _)) if in_force.policies.contains(policy) => Enforcement::Enforced(generation),
        _ if in_force.frozen => Enforcement::Frozen(generation),
        _ => Enforcement::NotConfirmed,
    }
}

/// Writes one status, with an event when the reason of `Ready` changed.
pub async fn write(
    context: &Context,
    policy: &AccessPolicy,
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
) {
    let next = report(policy, result, enforcement, Timestamp::now());
    let written = status::write(&context.client, policy, policy.status.as_ref(), &next).await;
    match written {
        Err(error) => {
            tracing::warn!(%error, policy = %ObjectRef::from_obj(policy), "cannot write the policy's status");
        }
        Ok(false) => {}
        Ok(true) => {
            let reason = |status: &AccessPolicyStatus| {
                status
                    .conditions
                    .iter()
                    .find(|c| c.type_ == READY)
                    .map(|c| (c.reason.clone(), c.message.clone()))
            };
            let before = policy.status.as_ref().and_then(reason).map(|(word, _)| word);
            if let Some((word, message)) = reason(&next).filter(|(word, _)| Some(word) != before.as_ref()) {
                let type_ = if word == "Enforced" {
                    EventType::Normal
                } else {
                    EventType::Warning
                };
                events::publish(
                    context,
                    &policy.object_ref(&()),
                    type_,
                    &word,
                    "Compile",
                    &message,
                )
                .await;
            }
        }
    }
}
