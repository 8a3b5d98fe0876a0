//! Pods that share a vault's namespace and are no vault's.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::ListParams};

use crate::{context::Context, fleet::Member, target::Target};

/// How often the namespace is looked at: it costs a list.
const LOOK_EVERY: Duration = Duration::from_mins(5);

/// The name of such a pod, as last found.
pub async fn foreign_pod(context: &Context, target: &Target<'_>, member: &Member) -> Option<String> {
    let known = member.progress.lock().neighbour.clone();
    if let Some((_, known)) = known.filter(|(when, _)| when.elapsed() < LOOK_EVERY) {
        return known;
    }
    let api: Api<Pod> = Api::namespaced(context.client.clone(), target.namespace().as_str());
    let others = ListParams::default()
        .labels("app.kubernetes.io/name!=strongroom-vault")
        .limit(1);
    let found = api.list_metadata(&others).await.ok()?;
    let name = found.items.first().map(ResourceExt::name_any);
    member.progress.lock().neighbour = Some((Instant::now(), name.clone()));
    name
}
