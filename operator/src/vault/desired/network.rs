//! Which peers may reach a vault, and which the vault may reach.

use serde_json::{Value, json};
use strongroom_core::{NamespaceName, ports};
use strongroom_crds::vault::{DefaultAction, Network};

use super::metadata;
use crate::{
    object::{Desired, Kind},
    settings::Settings,
    target::Target,
};

/// The vault's network policy: its clients on the data port, the operator on the admin port, the collectors
/// of metrics on the health port; outwards only DNS and the replicas of the identity service.
pub fn policy(target: &Target<'_>, settings: &Settings) -> Desired {
    let name = format!("{}-vault", target.name());
    let mut data = json!({"ports": [tcp(ports::VAULT)]});
    if let (Some(from), Some(rule)) = (
        clients(target.vault.spec.network.as_ref(), settings),
        data.as_object_mut(),
    ) {
        rule.insert("from".to_owned(), Value::Array(from));
    }
    let dns: Vec<Value> = settings
        .dns_ports
        .iter()
        .flat_map(|port| [json!({"port": port, "protocol": "UDP"}), tcp(*port)])
        .collect();
    let operator = pods_of(settings.release_namespace.as_str(), "operator");
    let identity = pods_of(settings.release_namespace.as_str(), "identity");
    let mut ingress = vec![
        data,
        json!({"ports": [tcp(ports::VAULT_ADMIN)], "from": [operator]}),
    ];
    // A rule without peers would let everybody in.
    if !settings.metrics_namespaces.is_empty() {
        let from: Vec<Value> = settings.metrics_namespaces.iter().map(pods_in).collect();
        ingress.push(json!({"ports": [tcp(ports::HEALTH)], "from": from}));
    }
    let object = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": metadata::owned(target, &name),
        "spec": {
            "podSelector": {"matchLabels": metadata::selector(target)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": [
                {"ports": dns},
                {"ports": [tcp(ports::IDENTITY)], "to": [identity]},
            ],
        },
    });
    Desired {
        kind: Kind::NetworkPolicy,
        name,
        object,
    }
}

/// The peers that may use the data port; `None` is every peer.
fn clients(network: Option<&Network>, settings: &Settings) -> Option<Vec<Value>> {
    let mut peers = vec![pods_of(settings.node_namespace.as_str(), "csi")];
    let Some(network) = network else {
        return Some(peers);
    };
    if matches!(network.default_action(), Ok(DefaultAction::Allow)) {
        return None;
    }
    if let Some(selector) = &network.namespace_selector {
        peers.push(json!({"namespaceSelector": {"matchLabels": selector.match_labels}}));
    }
    peers.extend(
        network
            .ip_rules
            .iter()
            .flatten()
            .map(|cidr| json!({"ipBlock": {"cidr": cidr}})),
    );
    Some(peers)
}

fn pods_of(namespace: &str, component: &str) -> Value {
    json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": {
            "app.kubernetes.io/name": "strongroom", "app.kubernetes.io/component": component,
        }},
    })
}

fn pods_in(namespace: &NamespaceName) -> Value {
    json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}})
}

fn tcp(port: u16) -> Value {
    json!({"port": port, "protocol": "TCP"})
}
