//! Memory of every component.

use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use strongroom_harness::installation::{NAMESPACE, NODE_NAMESPACE};

use super::place::Place;
use crate::{
    figures::{Table, mib},
    process::Usage,
};

const OURS: &str = "app.kubernetes.io/name in (strongroom, strongroom-vault)";

/// A component's resident bytes: all, and those that no file backs.
pub struct Memory {
    name: String,
    resident: u64,
    anonymous: u64,
}

/// Of every pod of ours.
pub async fn memory(place: &Place) -> Result<Vec<Memory>> {
    let mut found = Vec::new();
    for pod in pods(place).await? {
        let process = Usage(u32::try_from(Place::process(&pod)?.pid)?);
        found.push(Memory {
            name: component(&pod),
            resident: process.resident()?,
            anonymous: process.anonymous()?,
        });
    }
    found.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(found)
}

/// Every pod of ours.
pub async fn pods(place: &Place) -> Result<Vec<Pod>> {
    let mut pods = Vec::new();
    for namespace in [NAMESPACE, NODE_NAMESPACE, &place.scenario.vault.name] {
        pods.extend(place.pods_of(namespace, OURS).await?);
    }
    Ok(pods)
}

/// What a pod is.
pub fn component(pod: &Pod) -> String {
    let labels = pod.labels();
    let component = labels.get("app.kubernetes.io/component").cloned();
    component.unwrap_or_else(|| "vault".to_owned())
}

/// Before and after, line by line.
pub fn table(before: &[Memory], after: &[Memory]) -> Table {
    let head = [
        "component",
        "idle",
        "of which anonymous",
        "after the run",
        "of which anonymous",
    ];
    let mut table = Table::new("Resident memory in the cluster", &head);
    for (old, new) in before.iter().zip(after) {
        table.row([
            new.name.clone(),
            mib(old.resident),
            mib(old.anonymous),
            mib(new.resident),
            mib(new.anonymous),
        ]);
    }
    table
}
