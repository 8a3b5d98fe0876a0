//! Pods that share a vault's namespace and are no vault's.

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::ListParams};
use strongroom_crds::ApiError;

use crate::{context::Context, fleet::Member, target::Target};

/// How often the namespace is looked at: it costs a list.
const LOOK_EVERY: Duration = Duration::from_mins(5);

/// What is known of such pods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Neighbour {
    /// The API server has not said yet.
    #[default]
    Unknown,
    /// There is none.
    None,
    /// One of them, by its name.
    Pod(String),
}

impl From<Option<String>> for Neighbour {
    fn from(pod: Option<String>) -> Self {
        pod.map_or(Self::None, Self::Pod)
    }
}

/// Such a pod, as last found. While the API server does not say, what was found before stands.
pub async fn neighbour(context: &Context, target: &Target<'_>, member: &Member) -> Neighbour {
    let known = member.progress.lock().neighbour.clone();
    if let Some((when, known)) = &known
        && when.elapsed() < LOOK_EVERY
    {
        return known.clone().into();
    }
    let api: Api<Pod> = Api::namespaced(context.client.clone(), target.namespace().as_str());
    let others = ListParams::default()
        .labels("app.kubernetes.io/name!=strongroom-vault")
        .limit(1);
    let found = match api.list_metadata(&others).await {
        Ok(found) => found,
        Err(error) => {
            let namespace = target.namespace();
            tracing::warn!(%namespace, error = %ApiError::from(error), "cannot see which pods share the vault's namespace");
            return known.map_or(Neighbour::Unknown, |(_, known)| known.into());
        }
    };
    let name = found.items.first().map(ResourceExt::name_any);
    member.progress.lock().neighbour = Some((Instant::now(), name.clone()));
    name.into()
}
