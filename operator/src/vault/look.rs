//! Looks at a vault's pod, and at the claim of its volume while the pod has no node.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::{Api, api::ListParams};
use strongroom_crds::ApiError;

use super::desired::volume_claim;
use crate::{
    context::Context,
    fleet::{Member, Sighting},
    target::Target,
};

/// How often: a vault that is silent is looked at every second.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What the cluster shows of the pod, as last seen; nothing where the API server does not say.
pub async fn look(context: &Context, target: &Target<'_>, member: &Member) -> Sighting {
    let known = member.progress.lock().sighting.clone();
    if let Some((_, known)) = known.filter(|(when, _)| when.elapsed() < LOOK_EVERY) {
        return known;
    }
    let seen = see(context, target).await.unwrap_or_else(|error| {
        tracing::debug!(%error, vault = %target.reference, "cannot look at the vault's pod");
        Sighting::default()
    });
    member.progress.lock().sighting = Some((Instant::now(), seen.clone()));
    seen
}

async fn see(context: &Context, target: &Target<'_>) -> Result<Sighting, ApiError> {
    let namespace = target.namespace().as_str();
    let name = format!("{}-0", target.name());
    let pods: Api<Pod> = Api::namespaced(context.client.clone(), namespace);
    // A list of one: the operator may list pods where vaults are, and needs no right to get one.
    let this = ListParams::default()
        .fields(&format!("metadata.name={name}"))
        .limit(1);
    let found = pods.list(&this).await?.items;
    let is_this = |pod: &Pod| {
        let metadata = &pod.metadata;
        metadata.name.as_deref() == Some(&name) && metadata.namespace.as_deref() == Some(namespace)
    };
    let Some(pod) = found.into_iter().find(is_this) else {
        return Ok(Sighting::default());
    };
    let has_node = pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
    let claim = if has_node {
        None
    } else {
        let claims: Api<PersistentVolumeClaim> = Api::namespaced(context.client.clone(), namespace);
        claims.get_opt(&volume_claim(target).name).await?
    };
    Ok(Sighting::of(&pod, claim.as_ref()))
}
