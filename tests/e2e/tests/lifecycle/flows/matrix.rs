//! What the policies allow between any two parties of which one is ours, whether it is used or not.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use anyhow::{Result, ensure};
use k8s_openapi::api::{core::v1::Pod, networking::v1::NetworkPolicy};
use strongroom_e2e::scenario::Scenario;

use super::parties::{OURS, Policies, party, role};
use crate::policy::{Party, allows};

/// Ports of a cluster that anything of ours opens or uses, and some that nothing does.
const PORTS: [(&str, u16); 11] = [
    ("UDP", 53),
    ("TCP", 53),
    ("TCP", 80),
    ("TCP", 443),
    ("UDP", 5353),
    ("TCP", 5353),
    ("TCP", 6443),
    ("TCP", 8443),
    ("TCP", 8444),
    ("TCP", 9090),
    ("TCP", 10250),
];

const DNS: [&str; 4] = ["53/UDP", "53/TCP", "5353/UDP", "5353/TCP"];
const API: [&str; 2] = ["443/TCP", "6443/TCP"];

/// Every connection that may be made from or to one of ours. `vault` has no `spec.network`, `open` lets everybody in,
/// `chosen` the app's namespace. "others" are all that is not ours: an app's pod, one beside the vault, one that
/// carries our names in its own namespace, the cluster's DNS, the API server, the internet.
fn table() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let (dns, both) = (DNS.to_vec(), [&DNS[..], &API[..]].concat());
    vec![
        // Bundles, status, resolve.
        ("operator", "vault", vec!["8444/TCP"]),
        ("operator", "open", vec!["8444/TCP"]),
        ("operator", "chosen", vec!["8444/TCP"]),
        // The exchange and the secrets of a pod.
        ("csi", "identity", vec!["8443/TCP"]),
        ("csi", "vault", vec!["8443/TCP"]),
        ("csi", "open", vec!["8443/TCP"]),
        ("csi", "chosen", vec!["8443/TCP"]),
        // The keys that tokens are verified with.
        ("vault", "identity", vec!["8443/TCP"]),
        ("open", "identity", vec!["8443/TCP"]),
        ("chosen", "identity", vec!["8443/TCP"]),
        // A policy knows the ports of the name servers and of the API server, and not their addresses. On some clusters
        // the API server's address in a pod's environment is a name, so every caller of it may resolve names.
        ("operator", "others", both.clone()),
        ("identity", "others", both.clone()),
        ("csi", "others", both),
        ("vault", "others", dns.clone()),
        ("open", "others", dns.clone()),
        ("chosen", "others", dns),
        // Metrics, for the collectors' namespace alone; the exchange; what a vault's own spec lets in.
        ("monitoring", "operator", vec!["9090/TCP"]),
        ("monitoring", "identity", vec!["8443/TCP", "9090/TCP"]),
        ("monitoring", "csi", vec!["9090/TCP"]),
        ("monitoring", "vault", vec!["9090/TCP"]),
        ("monitoring", "open", vec!["8443/TCP", "9090/TCP"]),
        ("monitoring", "chosen", vec!["9090/TCP"]),
        ("others", "identity", vec!["8443/TCP"]),
        ("others", "open", vec!["8443/TCP"]),
        ("app", "chosen", vec!["8443/TCP"]),
        ("impostor", "chosen", vec!["8443/TCP"]),
    ]
}

/// Compares what the policies allow with the table, for every pair of which one end is ours.
pub fn check(
    scenario: &Scenario,
    names: &BTreeMap<IpAddr, Pod>,
    (policies, namespaces): &Policies,
) -> Result<()> {
    let mut parties: BTreeMap<String, Party> = BTreeMap::new();
    for (address, pod) in names {
        if let Some(role) = role(scenario, pod) {
            parties.insert(role, party(*address, Some(pod), namespaces));
        }
    }
    let mut impostor = parties["app"].clone();
    let operator = parties["operator"].pod.clone().unwrap();
    impostor.pod.as_mut().unwrap().labels = operator.labels;
    parties.insert("impostor".to_owned(), impostor);
    let mut neighbour = parties["vault"].clone();
    neighbour.pod.as_mut().unwrap().labels = parties["app"].pod.clone().unwrap().labels;
    parties.insert("neighbour".to_owned(), neighbour);
    for (name, address) in [("apiserver", "10.89.0.1"), ("internet", "203.0.113.9")] {
        let outside = Party {
            address: address.parse().unwrap(),
            pod: None,
        };
        parties.insert(name.to_owned(), outside);
    }
    let table = table();
    let ours = |name: &str| OURS.contains(&name);
    for (from, source) in &parties {
        for (to, target) in parties.iter().filter(|(to, _)| ours(from) || ours(to)) {
            let found = allowed(policies, source, target);
            let class = |name: &str| {
                if ours(name) {
                    name.to_owned()
                } else {
                    "others".to_owned()
                }
            };
            let row = table.iter().find(|row| row.0 == from && row.1 == to).or_else(|| {
                table
                    .iter()
                    .find(|row| row.0 == class(from) && row.1 == class(to))
            });
            let expected: BTreeSet<String> = row
                .iter()
                .flat_map(|row| &row.2)
                .map(|port| (*port).to_owned())
                .collect();
            ensure!(
                found == expected,
                "from {from} to {to} the policies allow {found:?}, not {expected:?}"
            );
        }
    }
    for name in OURS {
        ensure!(parties.contains_key(name), "there is no pod of {name}");
    }
    Ok(())
}

fn allowed(policies: &[NetworkPolicy], from: &Party, to: &Party) -> BTreeSet<String> {
    let open = PORTS.iter().filter(|port| allows(policies, from, to, **port));
    open.map(|(protocol, port)| format!("{port}/{protocol}"))
        .collect()
}
