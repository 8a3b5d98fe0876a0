//! Pods that share a vault's namespace and are no vault's.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::ListParams};
use strongroom_core::causes;

use crate::{context::Context, fleet::Member, target::Target};

/// How often the namespace is looked at: it costs a list.
const LOOK_EVERY: Duration = Duration::from_mins(5);

/// The name of such a pod, as last found. While the API server does not say, what was found before stands.
pub async fn foreign_pod(context: &Context, target: &Target<'_>, member: &Member) -> Option<String> {
    let known = member.progress.lock().neighbour.clone();
    if let Some((when, known)) = &known
        && when.elapsed() < LOOK_EVERY
    {
        return known.clone();
    }
    let api: Api<Pod> = Api::namespaced(context.client.clone(), target.namespace().as_str());
    let others = ListParams::default()
        .labels("app.kubernetes.io/name!=strongroom-vault")
        .limit(1);
    let found = match api.list_metadata(&others).await {
        Ok(found) => found,
        Err(error) => {
            let namespace = target.namespace();
            tracing::warn!(%namespace, error = %causes(&error), "cannot see which pods share the vault's namespace");
            return known.and_then(|(_, known)| known);
        }
    };
    let name = found.items.first().map(ResourceExt::name_any);
    member.progress.lock().neighbour = Some((Instant::now(), name.clone()));
    name
}
