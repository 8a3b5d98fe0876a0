//! Whether the network keeps `NetworkPolicies`, as far as the programs tell that run on every node.

use k8s_openapi::api::apps::v1::DaemonSet;
use kube::ResourceExt;

use super::Row;

const CHECK: &str = "NetworkPolicies";

/// Programs that enforce them.
const ENFORCING: [&str; 8] = [
    "calico-node",
    "canal",
    "rke2-canal",
    "cilium",
    "antrea-agent",
    "kube-router",
    "weave-net",
    "ovnkube-node",
];

/// Programs that make a network, and enforce none of them.
const NOT_ENFORCING: [&str; 3] = ["kube-flannel", "kube-flannel-ds", "kube-flannel-ds-amd64"];

/// The row by the `DaemonSets` of the cluster.
pub(super) fn row(sets: &[DaemonSet]) -> Row {
    let found = |known: &[&str]| {
        sets.iter()
            .map(ResourceExt::name_any)
            .find(|name| known.contains(&name.as_str()))
    };
    if let Some(name) = found(&ENFORCING) {
        return Row::good(CHECK, format!("{name} enforces them"));
    }
    if let Some(name) = found(&NOT_ENFORCING) {
        return Row::bad(
            CHECK,
            format!("{name} does not enforce them: every pod of the cluster reaches every port of a vault"),
            "install a network that enforces NetworkPolicies; a vault asks for tokens and certificates all the same",
        );
    }
    Row::unknown(
        CHECK,
        "cannot be known: no program is found that is known to enforce them, or not to",
    )
    .with_fix(
        "try it: a pod in a namespace that no Vault's spec.network names must not reach a vault's port 443",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::vault::Mark;

    #[test]
    fn only_what_is_known_of_a_network_is_said() {
        for (names, expected) in [
            (&["kube-proxy", "cilium"][..], Mark::Good),
            (&["canal", "kube-flannel"], Mark::Good),
            (&["kube-flannel-ds"], Mark::Bad),
            (&["kindnet", "kube-proxy"], Mark::Unknown),
            (&[], Mark::Unknown),
        ] {
            let set = |name: &&str| serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
            let sets: Vec<DaemonSet> = names.iter().map(set).collect();
            assert_eq!(row(&sets).result, expected, "{names:?}");
        }
    }
}
