//! The programs of an installation, and the pods that run them.

use std::collections::BTreeMap;

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment},
    core::v1::Pod,
};
use kube::{Api, ResourceExt as _, api::ListParams};
use strongroom_core::NamespaceName;
use strongroom_crds::ApiError;

use super::super::{NODE_NAMESPACE, row::Row};
use crate::{cluster::Cluster, forward::is_ready};

/// The label with the release of a pod.
const VERSION: &str = "app.kubernetes.io/version";

/// The argument by which the operator is told where the node driver is.
const NODE_NAMESPACE_ARGUMENT: &str = "--node-namespace=";

/// One of the programs.
#[derive(Debug)]
pub(crate) struct Component {
    /// As people call it.
    pub(crate) name: &'static str,
    /// What makes its pods, as `deployment/NAME`.
    workload: String,
    namespace: String,
    /// How many pods there are to be; none where there is no such workload.
    wanted: Result<Option<i32>, String>,
    /// The pods that stay.
    pods: Result<Vec<RunningPod>, String>,
}

#[derive(Debug, Clone)]
struct RunningPod {
    version: String,
    is_ready: bool,
}

impl Component {
    /// Whether its pods are ready.
    pub(super) fn row(&self) -> Row {
        let Self {
            name,
            workload,
            namespace,
            ..
        } = self;
        let (pods, wanted) = match (&self.pods, &self.wanted) {
            (_, Ok(None)) => {
                return Row::bad(
                    *name,
                    format!("there is no {workload} in namespace {namespace}"),
                    "helm upgrade --install strongroom ..., or name its namespace with --release-namespace",
                );
            }
            (Err(why), _) => return Row::unknown(*name, format!("cannot be known: {why}")),
            (Ok(pods), wanted) => (pods, wanted.as_ref().ok().copied().flatten()),
        };
        let ready = pods.iter().filter(|pod| pod.is_ready).count();
        let wanted = wanted
            .and_then(|wanted| usize::try_from(wanted).ok())
            .unwrap_or_else(|| pods.len().max(1));
        let versions = self.versions();
        let versions: Vec<_> = versions.keys().map(String::as_str).collect();
        let versions = if versions.is_empty() {
            String::new()
        } else {
            format!(", release {}", versions.join(" and "))
        };
        let found = format!("{ready} of {wanted} pods ready{versions}");
        if ready < wanted {
            Row::bad(
                *name,
                found,
                format!("kubectl describe pods -n {namespace}, and kubectl logs -n {namespace} {workload}"),
            )
        } else {
            Row::good(*name, found)
        }
    }

    /// How many pods are of which release.
    pub(crate) fn versions(&self) -> BTreeMap<String, usize> {
        let mut versions = BTreeMap::new();
        for pod in self.pods.iter().flatten() {
            *versions.entry(pod.version.clone()).or_default() += 1;
        }
        versions
    }

    /// Why its pods are not known, if they are not.
    pub(crate) fn unknown(&self) -> Option<&str> {
        self.pods.as_ref().err().map(String::as_str)
    }
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Parts(pub(crate) Vec<Component>);

impl Parts {
    /// As they are in the namespaces of the release and of the node driver.
    pub(crate) async fn of(cluster: &Cluster, node_namespace: Option<&NamespaceName>) -> Self {
        let release = &cluster.release_namespace;
        let mut parts = Vec::new();
        for (name, component) in [("operator", "operator"), ("identity service", "identity")] {
            let workload = format!("strongroom-{component}");
            let found = cluster.namespaced::<Deployment>(release).get_opt(&workload).await;
            let found =
                found.map(|found| found.map(|found| found.spec.and_then(|spec| spec.replicas).unwrap_or(1)));
            parts.push(Component {
                name,
                workload: format!("deployment/{workload}"),
                namespace: release.to_string(),
                wanted: found.map_err(told),
                pods: pods(cluster, release, component).await,
            });
        }
        parts.push(driver(cluster, node_namespace).await);
        Self(parts)
    }
}

async fn driver(cluster: &Cluster, namespace: Option<&NamespaceName>) -> Component {
    const WORKLOAD: &str = "strongroom-csi";
    let mut driver = Component {
        name: "node driver",
        workload: format!("daemonset/{WORKLOAD}"),
        namespace: NODE_NAMESPACE.to_owned(),
        wanted: Err("its namespace is not known".to_owned()),
        pods: Err("its namespace is not known".to_owned()),
    };
    let usual = NODE_NAMESPACE.parse().ok();
    if let Some(namespace) = namespace.or(usual.as_ref()) {
        let found = cluster.namespaced::<DaemonSet>(namespace).get_opt(WORKLOAD).await;
        let wanted = |set: DaemonSet| set.status.map_or(0, |status| status.desired_number_scheduled);
        driver.wanted = found.map(|found| found.map(wanted)).map_err(told);
        driver.pods = pods(cluster, namespace, "csi").await;
        driver.namespace = namespace.to_string();
    }
    driver
}

/// The namespace of the node driver, as the operator was told.
pub(crate) async fn node_namespace_of(cluster: &Cluster) -> Option<NamespaceName> {
    let api: Api<Deployment> = cluster.namespaced(&cluster.release_namespace);
    let operator = api.get_opt("strongroom-operator").await.ok()??;
    node_namespace(&operator)
}

fn node_namespace(operator: &Deployment) -> Option<NamespaceName> {
    let containers = &operator.spec.as_ref()?.template.spec.as_ref()?.containers;
    let mut arguments = containers
        .iter()
        .flat_map(|container| container.args.iter().flatten());
    arguments.find_map(|argument| argument.strip_prefix(NODE_NAMESPACE_ARGUMENT)?.parse().ok())
}

async fn pods(
    cluster: &Cluster,
    namespace: &NamespaceName,
    component: &str,
) -> Result<Vec<RunningPod>, String> {
    let api: Api<Pod> = cluster.namespaced(namespace);
    let params = ListParams::default().labels(&format!("app.kubernetes.io/component={component}"));
    let found = api.list(&params).await.map_err(told)?;
    Ok(found.items.iter().filter_map(running).collect())
}

/// A pod of ours that stays.
fn running(pod: &Pod) -> Option<RunningPod> {
    let labels = pod.labels();
    let is_ours = labels
        .get("app.kubernetes.io/name")
        .is_some_and(|name| name == "strongroom");
    (is_ours && pod.metadata.deletion_timestamp.is_none()).then(|| RunningPod {
        version: labels
            .get(VERSION)
            .cloned()
            .unwrap_or_else(|| "unknown".to_owned()),
        is_ready: is_ready(pod),
    })
}

fn told(error: kube::Error) -> String {
    ApiError::from(error).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::vault::Mark;

    fn component(wanted: Result<Option<i32>, String>, pods: Result<&[(&str, bool)], &str>) -> Component {
        let running = |(version, is_ready): &(&str, bool)| RunningPod {
            version: (*version).to_owned(),
            is_ready: *is_ready,
        };
        Component {
            name: "operator",
            workload: "deployment/strongroom-operator".to_owned(),
            namespace: "strongroom-system".to_owned(),
            wanted,
            pods: pods
                .map(|pods| pods.iter().map(running).collect())
                .map_err(ToOwned::to_owned),
        }
    }

    #[test]
    fn a_program_is_well_where_as_many_pods_are_ready_as_there_are_to_be() {
        let refused = || Err("no right".to_owned());
        for (wanted, pods, expected, found) in [
            (
                Ok(Some(2)),
                Ok(&[("0.1.0", true), ("0.1.0", true)][..]),
                Mark::Good,
                "2 of 2 pods ready, release 0.1.0",
            ),
            (
                Ok(Some(2)),
                Ok(&[("0.1.0", true)]),
                Mark::Bad,
                "1 of 2 pods ready, release 0.1.0",
            ),
            (
                Ok(Some(2)),
                Ok(&[("0.1.0", true), ("0.2.0", false)]),
                Mark::Bad,
                "1 of 2 pods ready, release 0.1.0 and 0.2.0",
            ),
            (
                Ok(None),
                Ok(&[]),
                Mark::Bad,
                "there is no deployment/strongroom-operator in namespace strongroom-system",
            ),
            (
                refused(),
                Ok(&[("0.1.0", true)]),
                Mark::Good,
                "1 of 1 pods ready, release 0.1.0",
            ),
            (refused(), Ok(&[]), Mark::Bad, "0 of 1 pods ready"),
            (
                Ok(Some(2)),
                Err("no right"),
                Mark::Unknown,
                "cannot be known: no right",
            ),
            (Ok(Some(0)), Ok(&[]), Mark::Good, "0 of 0 pods ready"),
        ] {
            let row = component(wanted, pods).row();
            assert_eq!((row.result, row.found.as_str()), (expected, found));
        }
    }

    #[test]
    fn the_operator_knows_the_namespace_of_the_driver() {
        let operator: Deployment = serde_json::from_value(json!({
            "metadata": {}, "spec": {"selector": {}, "template": {"spec": {"containers": [
                {"name": "operator", "args": ["run", "--node-namespace=drivers"]},
            ]}}},
        }))
        .unwrap();
        assert_eq!(node_namespace(&operator).unwrap().as_str(), "drivers");
        assert!(node_namespace(&Deployment::default()).is_none());
    }

    #[test]
    fn pods_of_others_and_pods_that_go_do_not_count() {
        let pod = |name: &str, deleted: bool| -> Pod {
            let mut pod = json!({"metadata": {"labels": {"app.kubernetes.io/name": name, VERSION: "0.1.0"}}});
            if deleted {
                pod["metadata"]["deletionTimestamp"] = json!("2026-11-22T00:00:00Z");
            }
            serde_json::from_value(pod).unwrap()
        };
        assert!(running(&pod("strongroom", false)).is_some());
        assert!(running(&pod("other", false)).is_none());
        assert!(running(&pod("strongroom", true)).is_none());
    }
}
