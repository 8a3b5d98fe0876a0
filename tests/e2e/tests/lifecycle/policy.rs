//! What a set of `NetworkPolicies` allows, as Kubernetes defines it. Pure; nothing on the local cluster enforces them.

use std::{collections::BTreeMap, net::IpAddr};

use k8s_openapi::{
    api::networking::v1::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort},
    apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString},
};

pub type Labels = BTreeMap<String, String>;

/// One end of a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Party {
    pub address: IpAddr,
    /// The pod; `None` for what is outside of the pod network.
    pub pod: Option<PodLabels>,
}

/// What policies know of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodLabels {
    pub namespace: String,
    pub namespace_labels: Labels,
    pub labels: Labels,
}

/// Whether a connection passes the policies of both ends.
pub fn allows(policies: &[NetworkPolicy], from: &Party, to: &Party, port: (&str, u16)) -> bool {
    let leaves = rules(policies, from, "Egress", |spec| {
        let rules = spec.egress.iter().flatten();
        rules
            .map(|rule| (rule.ports.as_deref(), rule.to.as_deref()))
            .collect()
    });
    let enters = rules(policies, to, "Ingress", |spec| {
        let rules = spec.ingress.iter().flatten();
        rules
            .map(|rule| (rule.ports.as_deref(), rule.from.as_deref()))
            .collect()
    });
    passes(leaves, to, port) && passes(enters, from, port)
}

type Rule<'a> = (
    &'a str,
    Option<&'a [NetworkPolicyPort]>,
    Option<&'a [NetworkPolicyPeer]>,
);
type Listed<'a> = Vec<(Option<&'a [NetworkPolicyPort]>, Option<&'a [NetworkPolicyPeer]>)>;

/// The rules of one direction that bind a party, each with its policy's namespace; `None` where no policy does.
fn rules<'a>(
    policies: &'a [NetworkPolicy],
    party: &Party,
    direction: &str,
    of: impl Fn(&'a k8s_openapi::api::networking::v1::NetworkPolicySpec) -> Listed<'a>,
) -> Option<Vec<Rule<'a>>> {
    let pod = party.pod.as_ref()?;
    let mut found: Option<Vec<Rule<'a>>> = None;
    for policy in policies {
        let (Some(spec), Some(namespace)) = (&policy.spec, policy.metadata.namespace.as_deref()) else {
            continue;
        };
        let binds = spec.policy_types.iter().flatten().any(|one| one == direction)
            && namespace == pod.namespace
            && spec
                .pod_selector
                .as_ref()
                .is_none_or(|selector| selects(selector, &pod.labels));
        if binds {
            let rules = of(spec)
                .into_iter()
                .map(|(ports, peers)| (namespace, ports, peers));
            found.get_or_insert_default().extend(rules);
        }
    }
    found
}

fn passes(rules: Option<Vec<Rule<'_>>>, other: &Party, (protocol, port): (&str, u16)) -> bool {
    let Some(rules) = rules else { return true };
    rules.into_iter().any(|(namespace, ports, peers)| {
        let ports = ports.unwrap_or_default();
        let peers = peers.unwrap_or_default();
        (ports.is_empty() || ports.iter().any(|one| is_port(one, protocol, port)))
            && (peers.is_empty() || peers.iter().any(|peer| is_peer(peer, namespace, other)))
    })
}

fn is_port(rule: &NetworkPolicyPort, protocol: &str, port: u16) -> bool {
    let number = match &rule.port {
        None => return rule.protocol.as_deref().unwrap_or("TCP") == protocol,
        Some(IntOrString::Int(number)) => *number,
        Some(IntOrString::String(name)) => panic!("a port by name, {name}, depends on the pod"),
    };
    assert!(rule.end_port.is_none(), "ranges of ports are not looked at");
    rule.protocol.as_deref().unwrap_or("TCP") == protocol && number == i32::from(port)
}

fn is_peer(peer: &NetworkPolicyPeer, namespace: &str, other: &Party) -> bool {
    if let Some(block) = &peer.ip_block {
        assert!(block.except.is_none(), "exceptions of blocks are not looked at");
        return contains(&block.cidr, other.address);
    }
    let Some(pod) = &other.pod else { return false };
    let there = match &peer.namespace_selector {
        Some(selector) => selects(selector, &pod.namespace_labels),
        None => pod.namespace == namespace,
    };
    there
        && peer
            .pod_selector
            .as_ref()
            .is_none_or(|selector| selects(selector, &pod.labels))
}

fn selects(selector: &LabelSelector, labels: &Labels) -> bool {
    let mut equal = selector.match_labels.iter().flatten();
    let mut expressions = selector.match_expressions.iter().flatten();
    equal.all(|(key, value)| labels.get(key) == Some(value))
        && expressions.all(|one| {
            let (values, found) = (one.values.as_deref().unwrap_or_default(), labels.get(&one.key));
            match one.operator.as_str() {
                "In" => found.is_some_and(|found| values.contains(found)),
                "NotIn" => found.is_none_or(|found| !values.contains(found)),
                "Exists" => found.is_some(),
                "DoesNotExist" => found.is_none(),
                other => panic!("{other} is no operator"),
            }
        })
}

fn contains(cidr: &str, address: IpAddr) -> bool {
    let (network, bits) = cidr.split_once('/').unwrap();
    let bits: u32 = bits.parse().unwrap();
    match (network.parse().unwrap(), address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let shift = 32 - bits;
            u32::from(network).checked_shr(shift) == u32::from(address).checked_shr(shift)
        }
        _ => false,
    }
}

mod tests {
    use super::*;
    use serde_json::json;

    fn labels(all: &[(&str, &str)]) -> Labels {
        all.iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn pod(namespace: &str, app: &str, address: &str) -> Party {
        Party {
            address: address.parse().unwrap(),
            pod: Some(PodLabels {
                namespace: namespace.to_owned(),
                namespace_labels: labels(&[("kubernetes.io/metadata.name", namespace)]),
                labels: labels(&[("app", app)]),
            }),
        }
    }

    fn policy(spec: &serde_json::Value) -> NetworkPolicy {
        serde_json::from_value(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "p", "namespace": "a"}, "spec": spec,
        }))
        .unwrap()
    }

    #[test]
    fn a_pod_that_no_policy_selects_is_open_and_one_that_is_selected_only_as_its_rules_say() {
        let server = policy(&json!({
            "podSelector": {"matchLabels": {"app": "server"}}, "policyTypes": ["Ingress"],
            "ingress": [{"ports": [{"port": 80}], "from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}],
        }));
        let (server_pod, client) = (pod("a", "server", "10.0.0.1"), pod("a", "client", "10.0.0.2"));
        let policies = [server];
        assert!(allows(&policies, &client, &server_pod, ("TCP", 80)));
        assert!(!allows(&policies, &client, &server_pod, ("TCP", 81)));
        assert!(!allows(&policies, &client, &server_pod, ("UDP", 80)));
        assert!(!allows(
            &policies,
            &pod("b", "client", "10.0.0.3"),
            &server_pod,
            ("TCP", 80)
        ));
        assert!(
            allows(&policies, &server_pod, &client, ("TCP", 7)),
            "towards outside nothing is said"
        );
    }

    #[test]
    fn both_selectors_of_a_peer_have_to_match_and_a_block_is_about_addresses() {
        let client = policy(&json!({
            "podSelector": {}, "policyTypes": ["Egress"],
            "egress": [
                {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "b"}},
                         "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}]}}]},
                {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 443, "protocol": "TCP"}]},
            ],
        }));
        let (from, policies) = (pod("a", "any", "10.0.0.1"), [client]);
        assert!(allows(&policies, &from, &pod("b", "x", "10.0.0.2"), ("TCP", 1)));
        assert!(!allows(&policies, &from, &pod("b", "y", "10.0.0.2"), ("TCP", 1)));
        assert!(!allows(&policies, &from, &pod("c", "x", "10.0.0.2"), ("TCP", 1)));
        let outside = |address: &str| Party {
            address: address.parse().unwrap(),
            pod: None,
        };
        assert!(allows(&policies, &from, &outside("192.0.2.9"), ("TCP", 443)));
        assert!(!allows(&policies, &from, &outside("192.0.3.9"), ("TCP", 443)));
    }
}
