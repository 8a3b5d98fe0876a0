//! Where kubelets keep their files, as far as a distribution that is known says.

use k8s_openapi::api::core::v1::Node;
use kube::ResourceExt as _;

use super::Row;

const CHECK: &str = "kubelet root";

/// Where it is unless a distribution moves it.
const USUAL: &str = "/var/lib/kubelet";

/// The row of all nodes.
pub(super) fn row(nodes: &[Node]) -> Row {
    let mut roots: Vec<Option<&'static str>> = nodes.iter().map(root).collect();
    roots.sort_unstable();
    roots.dedup();
    match roots.as_slice() {
        [Some(USUAL)] => Row::good(CHECK, format!("{USUAL}, as the chart takes it")),
        [Some(root)] => Row::bad(
            CHECK,
            format!("{root}, as this distribution has it, and not {USUAL}"),
            format!("--set node.kubeletRoot={root}, unless it is set already"),
        ),
        [None] | [] => Row::unknown(
            CHECK,
            format!("cannot be known of this distribution; the chart takes {USUAL}"),
        )
        .with_fix("where it is elsewhere: --set node.kubeletRoot=PATH"),
        several => {
            let known: Vec<_> = several.iter().flatten().copied().collect();
            Row::unknown(
                CHECK,
                format!(
                    "not known to be the same on all nodes; known is {}",
                    known.join(", ")
                ),
            )
            .with_fix("the chart takes one for all nodes: --set node.kubeletRoot=PATH")
        }
    }
}

/// That of one node, where its labels, its kubelet or its machine tell the distribution.
fn root(node: &Node) -> Option<&'static str> {
    let labels = node.labels();
    let has = |label: &str| labels.contains_key(label);
    let kubelet = node.status.as_ref().and_then(|status| status.node_info.as_ref());
    let kubelet = kubelet.map_or("", |info| info.kubelet_version.as_str());
    let machine = node
        .spec
        .as_ref()
        .and_then(|spec| spec.provider_id.as_deref())
        .unwrap_or_default();
    let is_usual = ["+k3s", "+rke2", "-eks-", "-gke."]
        .iter()
        .any(|sign| kubelet.contains(sign))
        || [
            "kubernetes.azure.com/cluster",
            "node.openshift.io/os_id",
            "minikube.k8s.io/version",
        ]
        .into_iter()
        .any(has)
        || machine.starts_with("kind://");
    if has("microk8s.io/cluster") {
        Some("/var/snap/microk8s/common/var/lib/kubelet")
    } else if kubelet.contains("+k0s") || has("node.k0sproject.io/role") {
        Some("/var/lib/k0s/kubelet")
    } else {
        is_usual.then_some(USUAL)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::vault::Mark;

    fn node(labels: &Value, kubelet: &str, machine: &str) -> Node {
        serde_json::from_value(json!({
            "metadata": {"name": "n", "labels": labels},
            "spec": {"providerID": machine},
            "status": {"nodeInfo": {
                "architecture": "", "bootID": "", "containerRuntimeVersion": "", "kernelVersion": "",
                "kubeProxyVersion": "", "kubeletVersion": kubelet, "machineID": "", "operatingSystem": "linux",
                "osImage": "", "systemUUID": "",
            }},
        }))
        .unwrap()
    }

    #[test]
    fn a_known_distribution_tells_where_its_kubelet_is() {
        for (labels, kubelet, machine, expected) in [
            (
                json!({"microk8s.io/cluster": "true"}),
                "v1.33.0",
                "",
                Some("/var/snap/microk8s/common/var/lib/kubelet"),
            ),
            (json!({}), "v1.33.0+k0s", "", Some("/var/lib/k0s/kubelet")),
            (json!({}), "v1.33.0+k3s1", "", Some(USUAL)),
            (json!({}), "v1.33.0-eks-1234", "", Some(USUAL)),
            (
                json!({"kubernetes.azure.com/cluster": "x"}),
                "v1.33.0",
                "",
                Some(USUAL),
            ),
            (json!({}), "v1.33.0", "kind://docker/a/b", Some(USUAL)),
            (json!({}), "v1.33.0", "", None),
        ] {
            assert_eq!(
                root(&node(&labels, kubelet, machine)),
                expected,
                "{labels} {kubelet} {machine}"
            );
        }
    }

    #[test]
    fn only_a_root_that_the_chart_does_not_take_is_wrong() {
        let [usual, k0s, other] =
            ["v1.33.0+k3s1", "v1.33.0+k0s", "v1.33.0"].map(|kubelet| node(&json!({}), kubelet, ""));
        assert_eq!(row(&[usual.clone(), usual.clone()]).result, Mark::Good);
        let moved = row(std::slice::from_ref(&k0s));
        assert_eq!(moved.result, Mark::Bad);
        assert!(
            moved
                .fix
                .unwrap()
                .starts_with("--set node.kubeletRoot=/var/lib/k0s/kubelet")
        );
        for nodes in [vec![], vec![other.clone()], vec![usual, k0s], vec![other]] {
            assert_eq!(row(&nodes).result, Mark::Unknown, "{nodes:?}");
        }
    }
}
