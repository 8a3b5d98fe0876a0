//! A vault, and the way to it.

use std::{collections::BTreeMap, net::IpAddr};

use strongroom_core::VaultRef;
use strongroom_crds::{
    Vault,
    condition::READY,
    vault::{DefaultAction, Network},
};

use super::{condition, pod::is_ready, pod::phase, reference};
use crate::debug::{
    facts::{Facts, PodFacts, Seen, VaultFacts},
    step::Step,
};

/// Whether it serves, what of it does not, and who can connect.
pub(super) fn steps(facts: &Facts, vault: &VaultFacts) -> Vec<Step> {
    let mut steps = vec![serves(facts, vault)];
    if let Some(pods) = &vault.pods {
        steps.push(pods_of(vault, pods));
        if let Seen::Found(found) = &vault.found {
            steps.extend(troubles(&vault.vault, found));
        }
    }
    steps.extend(facts.pod.as_ref().map(|pod| network(pod, vault)));
    steps
}

fn serves(facts: &Facts, vault: &VaultFacts) -> Step {
    let VaultRef { namespace, name } = &vault.vault;
    let step = format!("Vault {name}");
    let found = match &vault.found {
        Seen::Found(found) => found,
        Seen::Absent => {
            return Step::fails(
                step,
                format!("there is no Vault {}", vault.vault),
                format!("kubectl get vaults.strongroom.dev -n {namespace}"),
            );
        }
        Seen::Hidden(hidden) => {
            return by_reference(facts, vault).unwrap_or_else(|| Step::hidden(step, hidden));
        }
    };
    let conditions = found.status.as_ref().map(|status| status.conditions.as_slice());
    match condition(conditions.unwrap_or_default(), READY, found.metadata.generation) {
        Some(ready) if ready.status == "True" => {
            Step::holds(step, format!("{} is ready: {}", vault.vault, ready.reason))
        }
        Some(ready) => Step::fails(
            step,
            format!(
                "{} is not ready: {}: {}",
                vault.vault, ready.reason, ready.message
            ),
            cure(&ready.reason, &vault.vault),
        ),
        None => Step::fails(
            step,
            format!("the operator has not looked at {} as it is now", vault.vault),
            format!("kubectl get pods -n {}", facts.release_namespace),
        ),
    }
}

/// What the SecretRef tells those who may not see the Vault.
fn by_reference(facts: &Facts, vault: &VaultFacts) -> Option<Step> {
    let account = facts.account.as_ref()?;
    let (reference, ready) = facts.references.iter().find_map(|facts| {
        let Seen::Found(found) = &facts.found else {
            return None;
        };
        (reference::vault(found).as_ref() == Some(&vault.vault)).then_some(())?;
        let ready = reference::condition_for(facts, &account.account, READY)?;
        Some((&facts.reference, ready))
    })?;
    let step = format!("Vault {}", vault.vault.name);
    match ready.reason.as_str() {
        "Available" | "ObjectNotFound" | "ObjectDeleted" | "ObjectDisabled" => Some(Step::holds(
            step,
            format!("{} answers, as SecretRef {reference} says", vault.vault),
        )),
        "VaultStarting" | "VaultNotReady" => Some(Step::fails(
            step,
            format!("{}: {}", ready.reason, ready.message),
            format!(
                "Ask who owns namespace {} for:\nkubectl describe vaults.strongroom.dev {} -n {}",
                vault.vault.namespace, vault.vault.name, vault.vault.namespace
            ),
        )),
        _ => None,
    }
}

fn cure(reason: &str, vault: &VaultRef) -> String {
    let VaultRef { namespace, name } = vault;
    match reason {
        "Paused" | "Pausing" => format!(
            "kubectl patch vaults.strongroom.dev {name} -n {namespace} --type merge -p '{{\"spec\":{{\"paused\":false}}}}'"
        ),
        "VolumePending" => format!("kubectl describe pvc data-{name}-0 -n {namespace}"),
        "Unschedulable" | "ImagePullFailed" | "NotAnswering" | "NotReady" | "Starting" => {
            format!("kubectl describe pod {name}-0 -n {namespace}")
        }
        _ => format!(
            "Do what docs/conditions.md#vault says of {reason}, and read:\nkubectl describe vaults.strongroom.dev {name} -n {namespace}"
        ),
    }
}

/// The conditions beside `Ready` that say that something is wrong.
fn troubles(vault: &VaultRef, found: &Vault) -> Vec<Step> {
    const GOOD: [&str; 3] = ["Unsealed", "StorageHealthy", "AuditHealthy"];
    const BAD: [&str; 4] = [
        "SharedNamespace",
        "NearLimit",
        "ClockUnconfirmed",
        "RollbackDetected",
    ];
    let conditions = found.status.iter().flat_map(|status| &status.conditions);
    let is_wrong = |type_: &str, status: &str| match status {
        "False" => GOOD.contains(&type_),
        "True" => BAD.contains(&type_),
        _ => false,
    };
    conditions
        .filter(|condition| is_wrong(&condition.type_, &condition.status))
        .map(|condition| {
            Step::fails(
                condition.type_.clone(),
                format!("{}: {}", condition.reason, condition.message),
                cure(&condition.reason, vault),
            )
        })
        .collect()
}

fn pods_of(vault: &VaultFacts, pods: &Seen<Vec<k8s_openapi::api::core::v1::Pod>>) -> Step {
    let pods = match pods {
        Seen::Found(pods) => pods.as_slice(),
        Seen::Absent => &[],
        Seen::Hidden(hidden) => return Step::hidden("vault's pods", hidden),
    };
    let VaultRef { namespace, name } = &vault.vault;
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    let says = format!("{ready} of {} are ready", pods.len());
    if ready > 0 {
        return Step::holds("vault's pods", says);
    }
    let phases: Vec<_> = pods.iter().map(phase).collect();
    let says = if phases.is_empty() {
        "there is none".to_owned()
    } else {
        format!("{says} ({})", phases.join(", "))
    };
    Step::fails(
        "vault's pods",
        says,
        format!("kubectl describe statefulset,pod -n {namespace} -l strongroom.dev/vault={name}"),
    )
}

/// Who connects, and whether the vault's `NetworkPolicy` admits it. For a volume it is the node driver, which every vault
/// admits; where the pod connects itself, its namespace or its address decides.
fn network(pod: &PodFacts, vault: &VaultFacts) -> Step {
    if pod.connects_to.as_ref() != Some(&vault.vault) {
        return Step::holds(
            "network",
            "the node driver connects in the pod's place, and every vault admits it",
        );
    }
    let found = match &vault.found {
        Seen::Found(found) => found,
        Seen::Absent => return Step::unknown("network", "there is no vault to connect to"),
        Seen::Hidden(hidden) => return Step::hidden("network", hidden),
    };
    admission(pod, &vault.vault, found.spec.network.as_ref())
}

fn admission(pod: &PodFacts, vault: &VaultRef, network: Option<&Network>) -> Step {
    let VaultRef { namespace, name } = vault;
    let Some(network) = network else {
        return Step::fails(
            "network",
            format!("{vault} admits the node driver alone: it has no spec.network"),
            patch(pod, vault),
        );
    };
    if matches!(network.default_action(), Ok(DefaultAction::Allow)) {
        return Step::holds("network", format!("{vault} admits everyone"));
    }
    if let Some(rule) = admitting_rule(pod, network) {
        return Step::holds("network", format!("{vault} admits the pod's address by {rule}"));
    }
    let Some(selector) = &network.namespace_selector else {
        return Step::fails(
            "network",
            format!("no address in spec.network.ipRules of {vault} is the pod's"),
            patch(pod, vault),
        );
    };
    let home = match &pod.home {
        Seen::Found(home) => home,
        Seen::Absent => return Step::unknown("network", "the pod's namespace is gone"),
        Seen::Hidden(hidden) => return Step::hidden("network", hidden),
    };
    let none = BTreeMap::new();
    let labels = home.metadata.labels.as_ref().unwrap_or(&none);
    let missing: Vec<_> = selector
        .match_labels
        .iter()
        .filter(|(key, value)| labels.get(*key) != Some(*value))
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    if missing.is_empty() {
        return Step::holds("network", format!("{vault} admits namespace {}", pod.namespace));
    }
    Step::fails(
        "network",
        format!(
            "the network policy of {namespace}/{name} drops the pod's packets: namespace {} lacks {}",
            pod.namespace,
            missing.join(" ")
        ),
        label(&pod.namespace, &missing),
    )
}

/// The command that labels a namespace. What is no label is not put into a command: a vault's owner wrote it.
fn label(namespace: impl std::fmt::Display, missing: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=".contains(c);
    if missing.iter().all(|label| label.chars().all(is_plain)) {
        format!("kubectl label namespace {namespace} {}", missing.join(" "))
    } else {
        format!(
            "The labels that the vault asks for are none that a namespace can have: {}",
            missing.join(" ")
        )
    }
}

/// The rule that the pod's address fits.
fn admitting_rule<'a>(pod: &PodFacts, network: &'a Network) -> Option<&'a str> {
    let Seen::Found(found) = &pod.pod else {
        return None;
    };
    let status = found.status.as_ref()?;
    let addresses: Vec<IpAddr> = status
        .pod_ips
        .iter()
        .flatten()
        .filter_map(|ip| ip.ip.parse().ok())
        .collect();
    let rules = network.ip_rules.iter().flatten();
    let mut rules = rules.filter(|rule| addresses.iter().any(|address| contains(rule, *address)));
    rules.next().map(String::as_str)
}

/// Whether the network, in CIDR notation, has the address.
fn contains(network: &str, address: IpAddr) -> bool {
    let parsed = network
        .split_once('/')
        .and_then(|(first, length)| Some((first.parse::<IpAddr>().ok()?, length.parse::<u32>().ok()?)));
    match (parsed, address) {
        (Some((IpAddr::V4(first), length @ 0..=32)), IpAddr::V4(address)) => {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            first.to_bits() & mask == address.to_bits() & mask
        }
        (Some((IpAddr::V6(first), length @ 0..=128)), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
            first.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

fn patch(pod: &PodFacts, vault: &VaultRef) -> String {
    let selector = serde_json::json!({"spec": {"network": {"namespaceSelector": {"matchLabels":
        {"kubernetes.io/metadata.name": pod.namespace.as_str()}}}}});
    format!(
        "kubectl patch vaults.strongroom.dev {} -n {} --type merge -p '{selector}'",
        vault.name, vault.namespace
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_a_network_by_its_leading_bits() {
        for (network, address, is_in) in [
            ("10.0.0.0/8", "10.9.8.7", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("10.1.2.3/32", "10.1.2.3", true),
            ("fd00::/8", "fd12::1", true),
            ("fd00::/8", "10.0.0.1", false),
            ("::/0", "fe80::1", true),
            ("10.0.0.0/33", "10.0.0.1", false),
            ("nonsense", "10.0.0.1", false),
        ] {
            assert_eq!(
                contains(network, address.parse().unwrap()),
                is_in,
                "{network} {address}"
            );
        }
    }
}
