//! Writes what the report says, and tells people when it changes.

use jiff::Timestamp;
use k8s_openapi::{
    api::core::v1::ObjectReference,
    apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta},
};
use kube::{
    Resource, ResourceExt,
    core::DeserializeGuard,
    runtime::{events::EventType, reflector::ObjectRef},
};
use strongroom_crds::{AccessPolicy, AccessPolicyStatus, condition::READY};

use super::{
    compile::{Compiled, PolicyProblem, Resolution},
    report::{Enforcement, report},
};
use crate::{context::Context, events, fleet::InForce, status, target::Target};

/// Writes the status of every policy of a vault. `in_force` is what the vault has confirmed just now, if it has.
pub async fn report_all(
    context: &Context,
    target: &Target<'_>,
    compiled: &[Compiled],
    in_force: Option<&InForce>,
) {
    for policy in context.stores.policies_of(&ObjectRef::from_obj(target.vault)) {
        let name = policy.name_any();
        let Some(Compiled { result, .. }) = compiled.iter().find(|compiled| compiled.name == name) else {
            continue;
        };
        let enforcement = enforcement(in_force, result);
        let resolutions = result.clone().map(|(_, resolutions)| resolutions);
        match &policy.0 {
            Ok(policy) => write(context, policy, &resolutions, &enforcement).await,
            Err(_) => write_unread(context, policy.meta(), &resolutions, &enforcement).await,
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

/// Writes the status of a policy whose vault does not exist; of one that cannot be read, where there is no vault at all
/// that would report it.
pub async fn report_orphan(context: &Context, policy: &DeserializeGuard<AccessPolicy>) {
    let vaults = &context.stores.vaults;
    match &policy.0 {
        Ok(policy) => {
            let namespace = policy.namespace().unwrap_or_default();
            let vault = ObjectRef::new(&policy.spec.vault_ref.name).within(&namespace);
            if vaults.get(&vault).is_none() {
                write(context, policy, &Ok(Vec::new()), &Enforcement::VaultNotFound).await;
            }
        }
        Err(invalid) => {
            let namespace = policy.namespace();
            if vaults.find(|vault| vault.namespace() == namespace).is_none() {
                let problem = Err(PolicyProblem::Object(invalid.error.clone()));
                write_unread(context, policy.meta(), &problem, &Enforcement::VaultNotFound).await;
            }
        }
    }
}

/// Writes one status, with an event when the reason of `Ready` changed.
async fn write(
    context: &Context,
    policy: &AccessPolicy,
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
) {
    let previous = policy.status.clone().unwrap_or_default();
    put(context, &policy.metadata, previous, result, enforcement).await;
}

/// The same for a policy that cannot be read: what its status said is asked for, since nobody holds it.
async fn write_unread(
    context: &Context,
    metadata: &ObjectMeta,
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
) {
    match status::read_of::<AccessPolicy, _>(&context.client, metadata).await {
        Ok(Some(previous)) => put(context, metadata, previous, result, enforcement).await,
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, policy = metadata.name, namespace = metadata.namespace, "cannot read the policy's status");
        }
    }
}

async fn put(
    context: &Context,
    metadata: &ObjectMeta,
    previous: AccessPolicyStatus,
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
) {
    let next = report(
        previous.clone(),
        metadata.generation,
        result,
        enforcement,
        Timestamp::now(),
    );
    let written =
        status::write_of::<AccessPolicy, _>(&context.client, metadata, Some(&previous), &next).await;
    match written {
        Ok(true) => tell(context, metadata, &previous, &next).await,
        Ok(false) => {}
        Err(error) => {
            tracing::warn!(%error, policy = metadata.name, namespace = metadata.namespace, "cannot write the policy's status");
        }
    }
}

/// An event when the reason of `Ready` changed.
async fn tell(
    context: &Context,
    metadata: &ObjectMeta,
    previous: &AccessPolicyStatus,
    next: &AccessPolicyStatus,
) {
    let Some(ready) = ready(next) else { return };
    if ready_reason(previous) == Some(&ready.reason) {
        return;
    }
    let type_ = if ready.status == "True" {
        EventType::Normal
    } else {
        EventType::Warning
    };
    let reference = ObjectReference {
        api_version: Some(AccessPolicy::api_version(&()).into_owned()),
        kind: Some(AccessPolicy::kind(&()).into_owned()),
        name: metadata.name.clone(),
        namespace: metadata.namespace.clone(),
        uid: metadata.uid.clone(),
        ..ObjectReference::default()
    };
    events::publish(
        context,
        &reference,
        type_,
        &ready.reason,
        "Compile",
        &ready.message,
    )
    .await;
}

fn ready(status: &AccessPolicyStatus) -> Option<&Condition> {
    status
        .conditions
        .iter()
        .find(|condition| condition.type_ == READY)
}

fn ready_reason(status: &AccessPolicyStatus) -> Option<&String> {
    ready(status).map(|condition| &condition.reason)
}
