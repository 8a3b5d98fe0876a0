//! What an installation needs of a cluster. Each row is a pure function of what the API server answers.

mod kubelet;
mod network;

use k8s_openapi::{
    api::{
        apps::v1::DaemonSet,
        core::v1::{Namespace, Node},
        storage::v1::StorageClass,
    },
    apimachinery::pkg::version::Info,
};
use kube::{Api, ResourceExt};
use strongroom_core::NamespaceName;
use strongroom_crds::ApiError;

use super::{
    cluster_wide::{list, row},
    definitions,
    row::Row,
};
use crate::cluster::Cluster;

/// The oldest Kubernetes that the chart installs on (`kubeVersion` of charts/strongroom/Chart.yaml).
const LEAST_MINOR: u32 = 32;

/// How a `StorageClass` says that it is the default.
const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";

/// The level of Pod Security Admission that a namespace asks for.
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

/// Looks at the cluster.
pub(super) async fn rows(cluster: &Cluster, node_namespace: &NamespaceName) -> Vec<Row> {
    let classes = list::<StorageClass>(cluster).await;
    let sets = list::<DaemonSet>(cluster).await;
    let nodes = list::<Node>(cluster).await;
    let (kubelets, kinds) = match nodes {
        Ok(nodes) => (kubelet::row(&nodes), node_kinds(&nodes)),
        Err(error) => {
            let why = format!("cannot be known: {error}");
            (Row::unknown("kubelet root", &why), Row::unknown("nodes", why))
        }
    };
    let release = &cluster.release_namespace;
    vec![
        row("default StorageClass", classes, |classes| default_class(&classes)),
        row("NetworkPolicies", sets, |sets| network::row(&sets)),
        kubelets,
        kinds,
        row("release namespace", namespace(cluster, release).await, |found| {
            release_namespace(release, found.as_ref())
        }),
        row(
            "node namespace",
            namespace(cluster, node_namespace).await,
            |found| privileged_namespace(node_namespace, found.as_ref()),
        ),
        row("leftover CRDs", definitions::installed(cluster).await, |all| {
            definitions::leftover("leftover CRDs", &all)
        }),
    ]
}

async fn namespace(cluster: &Cluster, name: &NamespaceName) -> Result<Option<Namespace>, ApiError> {
    let api: Api<Namespace> = Api::all(cluster.client.clone());
    Ok(api.get_opt(name.as_str()).await?)
}

/// Whether the release of Kubernetes is one that the chart installs on.
pub(super) fn kubernetes(version: &Info) -> Row {
    const CHECK: &str = "Kubernetes";
    // Some distributions add a sign: 32+.
    let number = |text: &str| {
        text.trim_end_matches(|c: char| !c.is_ascii_digit())
            .parse::<u32>()
            .ok()
    };
    let (major, minor) = (number(&version.major), number(&version.minor));
    let found = &version.git_version;
    match (major, minor) {
        (Some(1), Some(minor)) if minor < LEAST_MINOR => Row::bad(
            CHECK,
            format!("{found}, and 1.{LEAST_MINOR} is the oldest that Strongroom runs on"),
            format!("upgrade the cluster to 1.{LEAST_MINOR} or newer"),
        ),
        (Some(_), Some(_)) => Row::good(CHECK, format!("{found}, at least 1.{LEAST_MINOR}")),
        _ => Row::unknown(CHECK, format!("the API server calls itself {found:?}")),
    }
}

fn default_class(classes: &[StorageClass]) -> Row {
    const CHECK: &str = "default StorageClass";
    let is_default = |class: &&StorageClass| {
        class
            .annotations()
            .get(DEFAULT_CLASS)
            .is_some_and(|is| is == "true")
    };
    let names: Vec<_> = classes
        .iter()
        .filter(is_default)
        .map(ResourceExt::name_any)
        .collect();
    match names.as_slice() {
        [] => {
            let first = classes.first().map(ResourceExt::name_any);
            let class = first.unwrap_or_else(|| "CLASS".to_owned());
            Row::bad(
                CHECK,
                format!("none of {} is the default", classes.len()),
                format!(
                    "kubectl annotate storageclass {class} {DEFAULT_CLASS}=true, or set \
                     spec.storage.embedded.storageClassName of each Vault"
                ),
            )
        }
        [one] => Row::good(CHECK, one),
        several => Row::good(
            CHECK,
            format!("{}; Kubernetes takes the newest", several.join(", ")),
        ),
    }
}

/// Where pods that mount secrets can run: the driver is for Linux, and for nodes that are machines.
fn node_kinds(nodes: &[Node]) -> Row {
    const CHECK: &str = "nodes";
    let has =
        |node: &&Node, label: &str, value: &str| node.labels().get(label).is_some_and(|found| found == value);
    let windows = nodes
        .iter()
        .filter(|node| has(node, "kubernetes.io/os", "windows"))
        .count();
    let virtual_nodes = nodes
        .iter()
        .filter(|node| has(node, "type", "virtual-kubelet"))
        .count();
    let without = windows + virtual_nodes;
    let of = nodes.len();
    if without == 0 {
        Row::good(CHECK, format!("the driver can run on all {of}"))
    } else if without < of {
        Row::good(
            CHECK,
            format!(
                "the driver does not run on {windows} of Windows and {virtual_nodes} virtual ones, of {of}: pods that mount \
                 secrets need the others"
            ),
        )
    } else {
        Row::bad(
            CHECK,
            "the driver can run on none: all are of Windows or virtual",
            "add a node of Linux",
        )
    }
}

/// The pods of the release pass `restricted`, so no level keeps them out.
fn release_namespace(name: &NamespaceName, found: Option<&Namespace>) -> Row {
    const CHECK: &str = "release namespace";
    match found {
        None => Row::good(
            CHECK,
            format!("{name} is not there yet; helm install --create-namespace makes it"),
        ),
        Some(namespace) => {
            let level = namespace
                .labels()
                .get(ENFORCE)
                .map_or("no level of its own", String::as_str);
            Row::good(
                CHECK,
                format!("{name} has Pod Security {level}; the pods pass restricted"),
            )
        }
    }
}

/// The driver's container is privileged, since mount propagation is refused to anything less.
fn privileged_namespace(name: &NamespaceName, found: Option<&Namespace>) -> Row {
    const CHECK: &str = "node namespace";
    let Some(namespace) = found else {
        return Row::good(
            CHECK,
            format!("{name} is not there yet; the chart makes it, privileged"),
        );
    };
    match namespace.labels().get(ENFORCE).map(String::as_str) {
        Some("privileged") => Row::good(CHECK, format!("{name} admits privileged pods")),
        Some(level) => Row::bad(
            CHECK,
            format!("{name} has Pod Security {level}, which admits no privileged pod"),
            format!("kubectl label namespace {name} {ENFORCE}=privileged --overwrite"),
        ),
        None => Row::unknown(
            CHECK,
            format!("{name} says nothing of Pod Security, and the default of the API server cannot be known"),
        )
        .with_fix(format!("kubectl label namespace {name} {ENFORCE}=privileged")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::vault::Mark;

    fn version(major: &str, minor: &str) -> Info {
        Info {
            major: major.to_owned(),
            minor: minor.to_owned(),
            git_version: format!("v{major}.{minor}.0"),
            ..Info::default()
        }
    }

    #[test]
    fn a_release_of_kubernetes_is_old_enough_or_has_to_be_upgraded() {
        for (major, minor, expected) in [
            ("1", "32", Mark::Good),
            ("1", "33+", Mark::Good),
            ("2", "0", Mark::Good),
            ("1", "31", Mark::Bad),
            ("1", "31+", Mark::Bad),
            ("1", "", Mark::Unknown),
        ] {
            assert_eq!(
                kubernetes(&version(major, minor)).result,
                expected,
                "{major}.{minor}"
            );
        }
    }

    fn class(name: &str, is_default: &str) -> StorageClass {
        serde_json::from_value(json!({
            "metadata": {"name": name, "annotations": {DEFAULT_CLASS: is_default}}, "provisioner": "p",
        }))
        .unwrap()
    }

    #[test]
    fn one_class_at_least_is_the_default() {
        assert_eq!(
            default_class(&[class("fast", "true")]),
            Row::good("default StorageClass", "fast")
        );
        let both = default_class(&[class("a", "true"), class("b", "true")]);
        assert!(
            both.result == Mark::Good && both.found.starts_with("a, b;"),
            "{both:?}"
        );
        let none = default_class(&[class("slow", "false")]);
        assert_eq!(none.result, Mark::Bad);
        assert!(
            none.fix
                .unwrap()
                .starts_with("kubectl annotate storageclass slow ")
        );
        assert!(default_class(&[]).fix.unwrap().contains(" CLASS "));
    }

    fn node(labels: &Value) -> Node {
        serde_json::from_value(json!({"metadata": {"name": "n", "labels": labels}})).unwrap()
    }

    #[test]
    fn nodes_that_cannot_run_the_driver_are_told_and_need_others_beside_them() {
        let linux = node(&json!({"kubernetes.io/os": "linux"}));
        let windows = node(&json!({"kubernetes.io/os": "windows"}));
        let virtual_node = node(&json!({"type": "virtual-kubelet"}));
        assert!(node_kinds(std::slice::from_ref(&linux)).found.ends_with("all 1"));
        let mixed = node_kinds(&[linux, windows.clone(), virtual_node.clone()]);
        assert_eq!(mixed.result, Mark::Good);
        assert!(
            mixed.found.contains("1 of Windows and 1 virtual ones, of 3"),
            "{mixed:?}"
        );
        assert_eq!(node_kinds(&[windows, virtual_node]).result, Mark::Bad);
    }

    #[test]
    fn the_drivers_namespace_admits_privileged_pods() {
        let name = "strongroom-node".parse().unwrap();
        let with = |labels: Value| -> Namespace {
            serde_json::from_value(json!({"metadata": {"name": "strongroom-node", "labels": labels}}))
                .unwrap()
        };
        for (found, expected) in [
            (None, Mark::Good),
            (Some(with(json!({ENFORCE: "privileged"}))), Mark::Good),
            (Some(with(json!({ENFORCE: "restricted"}))), Mark::Bad),
            (Some(with(json!({}))), Mark::Unknown),
        ] {
            let row = privileged_namespace(&name, found.as_ref());
            assert_eq!(row.result, expected, "{row:?}");
        }
    }
}
