//! Writes what the report says.

use jiff::Timestamp;
use kube::{Resource, ResourceExt, api::ObjectMeta, runtime::reflector::ObjectRef};
use strongroom_core::BundlePolicy;
use strongroom_crds::{AccessPolicy, AccessPolicyStatus, access_policy::PolicySummary};

use super::{
    compile::{Compiled, PolicyProblem, Resolution},
    fit::{Fitted, fit},
    report::{Enforcement, report},
    summary::summary,
};
use crate::{context::Context, fleet::InForce, status, target::Target};

/// Writes the status of every policy of a vault. `in_force` is what the vault has confirmed just now, if it has.
pub async fn report_all(
    context: &Context,
    target: &Target<'_>,
    compiled: &[Compiled],
    in_force: Option<&InForce>,
) {
    let readable = compiled
        .iter()
        .filter_map(|compiled| compiled.result.as_ref().ok());
    let fitted = fit(readable.map(|(policy, _)| policy.clone()).collect());
    for policy in context.stores.policies_of(&ObjectRef::from_obj(target.vault)) {
        let name = policy.name_any();
        let Some(Compiled { result, .. }) = compiled.iter().find(|compiled| compiled.name == name) else {
            continue;
        };
        let enforcement = enforcement(in_force, &fitted, &name, result);
        let resolutions = result.clone().map(|(_, resolutions)| resolutions);
        match &policy.0 {
            Ok(policy) => write(context, policy, &resolutions, &enforcement).await,
            Err(_) => write_unread(context, policy.meta(), &resolutions, &enforcement).await,
        }
    }
}

fn enforcement<P>(
    in_force: Option<&InForce>,
    fitted: &Fitted,
    name: &str,
    result: &Result<(BundlePolicy, P), PolicyProblem>,
) -> Enforcement {
    let Some(in_force) = in_force else {
        return Enforcement::NotConfirmed;
    };
    let generation = in_force.generation().to_string();
    // As the vault can hold it: what denies may be narrowed to the accounts that it matters to.
    let meant = fitted.policies.iter().find(|policy| policy.name == name);
    match result {
        Ok(_) if fitted.left_out.contains(name) => Enforcement::TooLarge,
        Ok(_) if meant.is_some_and(|meant| in_force.policies.contains(meant)) => {
            Enforcement::Enforced(generation)
        }
        _ if in_force.frozen => Enforcement::Frozen(generation),
        _ => Enforcement::NotConfirmed,
    }
}

/// Writes the status of one policy.
pub(super) async fn write(
    context: &Context,
    policy: &AccessPolicy,
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
) {
    let previous = policy.status.clone().unwrap_or_default();
    let summary = Some(summary(&policy.spec));
    put(
        context,
        &policy.metadata,
        (previous, summary),
        result,
        enforcement,
    )
    .await;
}

/// The same for a policy that cannot be read: its status is read from the API server, since no watch holds it.
pub(super) async fn write_unread(
    context: &Context,
    metadata: &ObjectMeta,
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
) {
    match status::read::<AccessPolicy, _>(&context.client, metadata).await {
        Ok(Some(previous)) => put(context, metadata, (previous, None), result, enforcement).await,
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, policy = metadata.name, namespace = metadata.namespace, "cannot read the policy's status");
        }
    }
}

async fn put(
    context: &Context,
    metadata: &ObjectMeta,
    (previous, summary): (AccessPolicyStatus, Option<PolicySummary>),
    result: &Result<Vec<Resolution>, PolicyProblem>,
    enforcement: &Enforcement,
) {
    let next = AccessPolicyStatus {
        summary,
        ..report(
            previous.clone(),
            metadata.generation,
            result,
            enforcement,
            Timestamp::now(),
        )
    };
    let written =
        status::publish_by::<AccessPolicy, _>(context, metadata, Some(&previous), &next, "Compile").await;
    if let Err(error) = written {
        tracing::warn!(%error, policy = metadata.name, namespace = metadata.namespace, "cannot write the policy's status");
    }
}
