//! The change of a workload that mounts a SecretRef.

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, StatefulSet},
    core::v1::PodSpec,
};
use serde_json::{Value, json};
use strongroom_core::{AccountName, ResourceName};

use super::stanza::Stanza;
use crate::{
    Failure,
    arguments::{Global, WorkloadKind, WorkloadPath},
    cluster::Cluster,
    failure::PolicyFailure,
    terminal,
};

/// A strategic merge patch: lists are merged by the names of their members, and mounts by their paths.
pub(super) fn patch(stanza: &Stanza, containers: &[String]) -> Value {
    let containers: Vec<_> = containers
        .iter()
        .map(|name| json!({ "name": name, "volumeMounts": [stanza.mount] }))
        .collect();
    json!({ "spec": { "template": { "spec": {
        "volumes": [stanza.volume],
        "containers": containers,
    } } } })
}

/// The containers that read the files: those that are named, or the only one that the workload has.
pub(super) async fn containers(
    workload: &WorkloadPath,
    named: Vec<ResourceName>,
    account: &AccountName,
    global: &Global,
) -> Result<Vec<String>, Failure> {
    if !named.is_empty() {
        return Ok(named.into_iter().map(String::from).collect());
    }
    let cluster = Cluster::connect(global).await?;
    let pod = template(&cluster, workload, account).await?.unwrap_or_default();
    let runs_as = pod.service_account_name.as_deref().unwrap_or("default");
    if runs_as != account.name.as_str() {
        terminal::complain(&format!(
            "Note: the pods of {workload} run as service account {runs_as}, and the SecretRef is for {}.",
            account.name
        ));
    }
    let found: Vec<_> = pod
        .containers
        .into_iter()
        .map(|container| container.name)
        .collect();
    match found.as_slice() {
        [_] => Ok(found),
        _ => Err(PolicyFailure::Container {
            workload: workload.to_string(),
            containers: found.join(", "),
        }
        .into()),
    }
}

async fn template(
    cluster: &Cluster,
    workload: &WorkloadPath,
    account: &AccountName,
) -> Result<Option<PodSpec>, Failure> {
    let name = workload.name.as_str();
    let namespace = &account.namespace;
    let failed = Failure::cluster("get", resource(workload.kind), namespace);
    let template = match workload.kind {
        WorkloadKind::Deployment => {
            let found = cluster.namespaced::<Deployment>(namespace).get(name).await;
            found.map(|found| found.spec.map(|spec| spec.template))
        }
        WorkloadKind::StatefulSet => {
            let found = cluster.namespaced::<StatefulSet>(namespace).get(name).await;
            found.map(|found| found.spec.map(|spec| spec.template))
        }
        WorkloadKind::DaemonSet => {
            let found = cluster.namespaced::<DaemonSet>(namespace).get(name).await;
            found.map(|found| found.spec.map(|spec| spec.template))
        }
    };
    Ok(template.map_err(failed)?.and_then(|template| template.spec))
}

/// As RBAC and kubectl call the kind.
const fn resource(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Deployment => "deployments.apps",
        WorkloadKind::StatefulSet => "statefulsets.apps",
        WorkloadKind::DaemonSet => "daemonsets.apps",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patch_names_the_containers_and_holds_nothing_else() {
        let containers = ["app".to_owned(), "sidecar".to_owned()];
        let mount = json!({ "name": "db", "mountPath": "/etc/db", "readOnly": true });
        let expected = json!({ "spec": { "template": { "spec": {
            "volumes": [{ "name": "db", "csi": {
                "driver": "csi.strongroom.dev", "readOnly": true, "volumeAttributes": { "secretRef": "db" },
            } }],
            "containers": [
                { "name": "app", "volumeMounts": [mount] }, { "name": "sidecar", "volumeMounts": [mount] },
            ],
        } } } });
        assert_eq!(
            patch(&Stanza::of("db", Some("/etc/db".to_owned())), &containers),
            expected
        );
    }
}
