//! The objects of a cluster that belong to no namespace: what a program of tests leaves shows among them.

use std::{collections::BTreeSet, env, time::Duration};

use anyhow::Result;
use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, DynamicObject, ListParams},
    discovery::{Discovery, Scope, verbs},
};

use crate::cluster::wait;

/// Kinds whose objects the cluster itself makes and removes as time passes.
const ITS_OWN: [&str; 3] = ["CertificateSigningRequest", "ComponentStatus", "IPAddress"];
/// How long a namespace that was left may take to be gone.
const PATIENCE: Duration = Duration::from_mins(2);

/// Kinds and names.
pub type Objects = BTreeSet<(String, String)>;

/// Every object that belongs to no namespace.
pub async fn objects(client: &Client) -> Result<Objects> {
    let mut found = Objects::new();
    for group in Discovery::new(client.clone()).run().await?.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            let listed = capabilities.scope == Scope::Cluster && capabilities.supports_operation(verbs::LIST);
            if !listed || ITS_OWN.contains(&resource.kind.as_str()) {
                continue;
            }
            let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
            let all = api.list_metadata(&ListParams::default()).await?;
            found.extend(
                all.iter()
                    .map(|object| (resource.kind.clone(), object.name_any())),
            );
        }
    }
    Ok(found)
}

/// The objects that are there and were not before. A namespace among them is removed, so that the next program does not
/// meet it: unless `STRONGROOM_KEEP` asks to keep what failed.
pub async fn left(client: &Client, before: &Objects) -> Result<Vec<String>> {
    let now = objects(client).await?;
    let left: Vec<_> = now.difference(before).collect();
    let namespaces: Api<Namespace> = Api::all(client.clone());
    for (kind, name) in &left {
        if kind == "Namespace" && env::var_os("STRONGROOM_KEEP").is_none() {
            namespaces.delete(name, &DeleteParams::default()).await?;
            wait::deleted(&namespaces, name, PATIENCE).await?;
        }
    }
    Ok(left
        .into_iter()
        .map(|(kind, name)| format!("{kind} {name}"))
        .collect())
}
