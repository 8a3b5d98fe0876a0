//! The connections that were made: the policies allow each of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use strongroom_e2e::scenario::Scenario;
use strongroom_harness::local::flows::Flow;

use super::parties::{OURS, Policies, is_node, party, role};
use crate::policy::allows;

/// The port of health and metrics of every part.
const HEALTH: u16 = 9090;

/// What surely happens when a secret is mounted, rotated and read, and everything is started again.
const MADE: [(&str, &str, u16); 17] = [
    ("operator", "vault", 8444),
    ("operator", "apiserver", 6443),
    ("operator", "dns", 53),
    ("identity", "apiserver", 6443),
    ("csi", "identity", 8443),
    ("csi", "vault", 8443),
    ("csi", "apiserver", 6443),
    ("csi", "dns", 53),
    ("vault", "identity", 8443),
    ("vault", "dns", 53),
    ("node", "operator", 9090),
    ("node", "identity", 9090),
    ("node", "csi", 9090),
    ("node", "vault", 9090),
    ("monitoring", "operator", 9090),
    ("monitoring", "identity", 9090),
    ("monitoring", "vault", 9090),
];

/// Checks that the policies allow each connection of ours, and that those of [`MADE`] are among them.
pub fn check(
    scenario: &Scenario,
    flows: &BTreeSet<Flow>,
    names: &BTreeMap<IpAddr, Pod>,
    policies: &Policies,
) -> Result<()> {
    let made = judge(scenario, flows, names, policies)?;
    for wanted in MADE {
        ensure!(
            made.contains(&wanted_text(wanted)),
            "{wanted:?} was not seen in {made:#?}"
        );
    }
    Ok(())
}

fn wanted_text((from, to, port): (&str, &str, u16)) -> String {
    format!("{from} -> {to}:{port}")
}

/// Checks each connection of ours against the policies; gives them by name.
fn judge(
    scenario: &Scenario,
    flows: &BTreeSet<Flow>,
    names: &BTreeMap<IpAddr, Pod>,
    (policies, namespaces): &Policies,
) -> Result<BTreeSet<String>> {
    let name = |address: IpAddr| match names.get(&address) {
        Some(pod) => role(scenario, pod).unwrap_or_else(|| format!("pod {}", pod.name_any())),
        None if address == "10.89.0.1".parse::<IpAddr>().unwrap() => "apiserver".to_owned(),
        None if is_node(address) => "node".to_owned(),
        None => format!("unknown {address}"),
    };
    let mut made = BTreeSet::new();
    for flow in flows {
        let (from, to) = (name(flow.from), name(flow.to));
        if !OURS.contains(&from.as_str()) && !OURS.contains(&to.as_str()) {
            continue;
        }
        let parties = [flow.from, flow.to].map(|address| party(address, names.get(&address), namespaces));
        let protocol = flow.protocol.to_uppercase();
        let text = format!("{from} -> {to}:{}", flow.port);
        // "Traffic to and from the node where a Pod is running is always allowed"
        // (https://kubernetes.io/docs/concepts/services-networking/network-policies/): the kubelet's probes.
        let is_probe = from == "node" && flow.port == HEALTH;
        ensure!(
            is_probe || allows(policies, &parties[0], &parties[1], (&protocol, flow.port)),
            "the policies forbid {text}, which was made"
        );
        made.insert(text);
    }
    Ok(made)
}
