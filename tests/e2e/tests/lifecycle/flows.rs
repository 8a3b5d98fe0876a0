//! The network policies fit the connections: they allow every connection that is made, and between Strongroom's own
//! parts and others no more than the table here says.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment},
    core::v1::{Namespace, Pod},
    networking::v1::NetworkPolicy,
};
use kube::{Api, Client, ResourceExt, api::ListParams};
use serde_json::json;
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::{
    cluster::{pods, wait},
    installation::{self, NAMESPACE, NODE_NAMESPACE},
    local::flows::{Flow, Recording},
};

use crate::{
    alone,
    policy::{Party, PodLabels, allows},
    running_app,
};

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

const OURS: [&str; 6] = ["operator", "identity", "csi", "vault", "open", "chosen"];
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
        // Metrics and health; the exchange; what a vault's own spec lets in.
        ("others", "operator", vec!["9090/TCP"]),
        ("others", "identity", vec!["8443/TCP", "9090/TCP"]),
        ("others", "csi", vec!["9090/TCP"]),
        ("others", "vault", vec!["9090/TCP"]),
        ("others", "open", vec!["8443/TCP", "9090/TCP"]),
        ("others", "chosen", vec!["9090/TCP"]),
        ("app", "chosen", vec!["8443/TCP", "9090/TCP"]),
        ("impostor", "chosen", vec!["8443/TCP", "9090/TCP"]),
    ]
}

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
    ("app", "operator", 9090),
    ("app", "identity", 9090),
    ("app", "vault", 9090),
];

#[tokio::test]
async fn policies_allow_every_connection_that_is_made_and_no_other_between_the_parts() -> Result<()> {
    alone("flows", async |scenario| {
        let known = Known::begin(&scenario.client());
        let recording = Recording::begin(&scenario.cluster.local()?.record)?;
        use_everything(&scenario).await?;
        let flows = recording.finish();
        let (policies, names) = (policies(&scenario).await?, known.finish());
        let made = judge(&scenario, &flows, &names, &policies)?;
        for wanted in MADE {
            ensure!(
                made.contains(&wanted_text(wanted)),
                "{wanted:?} was not seen in {made:#?}"
            );
        }
        matrix(&scenario, &names, &policies)
    })
    .await
}

fn wanted_text((from, to, port): (&str, &str, u16)) -> String {
    format!("{from} -> {to}:{port}")
}

/// Starts every part again, and uses it.
async fn use_everything(scenario: &Scenario) -> Result<()> {
    let client = scenario.client();
    for name in ["strongroom-operator", "strongroom-identity"] {
        Api::<Deployment>::namespaced(client.clone(), NAMESPACE)
            .restart(name)
            .await?;
    }
    Api::<DaemonSet>::namespaced(client.clone(), NODE_NAMESPACE)
        .restart("strongroom-csi")
        .await?;
    for (name, network) in [
        ("open", json!({"defaultAction": "Allow"})),
        (
            "chosen",
            json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": scenario.app.name}}}),
        ),
    ] {
        let vault = json!({
            "apiVersion": "strongroom.dev/v1alpha1", "kind": "Vault", "metadata": {"name": name},
            "spec": {"network": network},
        });
        scenario.apply(&scenario.vault.name, &vault).await?;
    }
    running_app(scenario, "first").await?;
    installation::ready(&client).await?;
    scenario.set("db-password", "second")?;
    scenario.holds("app", "/secrets/password", "second").await?;
    scenario.pod("late", "api", "db").await?;
    scenario.running("late").await?;
    // The operator that leads now brings it to the vault.
    let list = json!({"permissions": {"secrets": ["list"]}});
    scenario
        .policy("lists", "Allow", &[scenario.account("api")], &["db-*"], &list)
        .await?;
    scenario.enforced("lists").await?;
    for name in ["open-vault", "chosen-vault"] {
        let api: Api<NetworkPolicy> = Api::namespaced(client.clone(), &scenario.vault.name);
        wait::until(name, PATIENCE, || async {
            Ok(match api.get_opt(name).await? {
                Some(_) => wait::Seen::Ready(()),
                None => wait::Seen::NotYet("there is none".to_owned()),
            })
        })
        .await?;
    }
    scrape(scenario).await
}

/// Reads the metrics of every part from a pod, as a collector does.
async fn scrape(scenario: &Scenario) -> Result<()> {
    let client = scenario.client();
    for namespace in [NAMESPACE, NODE_NAMESPACE, &scenario.vault.name] {
        let found = Api::<Pod>::namespaced(client.clone(), namespace)
            .list(&ListParams::default())
            .await?;
        for pod in found.items.iter().filter(|pod| is_ready(pod)) {
            let address = address(pod).context("a ready pod without an address")?;
            let url = format!("http://{address}:9090/metrics");
            let get = ["/bin/wget", "-q", "-O", "-", &url];
            let said = pods::check(&client, &scenario.app.name, "app", &get).await?;
            ensure!(said.contains("strongroom_"), "{}: {said}", pod.name_any());
        }
    }
    Ok(())
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    pod.metadata.deletion_timestamp.is_none()
        && conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"))
}

fn address(pod: &Pod) -> Option<IpAddr> {
    pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()
}

/// Every pod that had an address, collected while parts come and go.
struct Known {
    pods: Arc<Mutex<BTreeMap<IpAddr, Pod>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Known {
    fn begin(client: &Client) -> Self {
        let pods = Arc::new(Mutex::new(BTreeMap::new()));
        let (api, collected) = (Api::<Pod>::all(client.clone()), Arc::clone(&pods));
        let task = tokio::spawn(async move {
            loop {
                if let Ok(found) = api.list(&ListParams::default()).await {
                    let mut collected = collected.lock().unwrap();
                    collected.extend(
                        found
                            .items
                            .into_iter()
                            .filter_map(|pod| Some((address(&pod)?, pod))),
                    );
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        Self { pods, task }
    }

    fn finish(self) -> BTreeMap<IpAddr, Pod> {
        self.task.abort();
        std::mem::take(&mut *self.pods.lock().unwrap())
    }
}

/// What a pod is called in the tables; `None` for one that is no part of this test.
fn role(scenario: &Scenario, pod: &Pod) -> Option<String> {
    let namespace = pod.namespace().unwrap_or_default();
    let label = |key: &str| pod.labels().get(key).cloned();
    if [NAMESPACE, NODE_NAMESPACE].contains(&namespace.as_str()) {
        label("app.kubernetes.io/component")
    } else if namespace == scenario.vault.name {
        let name = label("strongroom.dev/vault")?;
        Some(if name == "prod" { "vault".to_owned() } else { name })
    } else if namespace == scenario.app.name {
        Some("app".to_owned())
    } else {
        (label("k8s-app").as_deref() == Some("kube-dns")).then(|| "dns".to_owned())
    }
}

/// The policies of all three namespaces, as the chart and the operator made them.
async fn policies(scenario: &Scenario) -> Result<(Vec<NetworkPolicy>, Vec<Namespace>)> {
    let mut all = Vec::new();
    for namespace in [NAMESPACE, NODE_NAMESPACE, &scenario.vault.name] {
        let api: Api<NetworkPolicy> = Api::namespaced(scenario.client(), namespace);
        all.extend(api.list(&ListParams::default()).await?.items);
    }
    let namespaces = Api::<Namespace>::all(scenario.client())
        .list(&ListParams::default())
        .await?;
    Ok((all, namespaces.items))
}

type Policies = (Vec<NetworkPolicy>, Vec<Namespace>);

fn party(address: IpAddr, pod: Option<&Pod>, namespaces: &[Namespace]) -> Party {
    let pod = pod.map(|pod| {
        let namespace = pod.namespace().unwrap_or_default();
        let found = namespaces.iter().find(|one| one.name_any() == namespace);
        PodLabels {
            namespace_labels: found.map(|one| one.labels().clone()).unwrap_or_default(),
            labels: pod.labels().clone(),
            namespace,
        }
    });
    Party { address, pod }
}

/// A node's own address, or the one that its pods see.
fn is_node(address: IpAddr) -> bool {
    let text = address.to_string();
    text.starts_with("10.89.0.") || (text.starts_with("10.244.") && text.ends_with(".1"))
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
        ensure!(
            allows(policies, &parties[0], &parties[1], (&protocol, flow.port)),
            "the policies forbid {text}, which was made"
        );
        made.insert(text);
    }
    Ok(made)
}

/// Compares what the policies allow with the table, for every pair of which one end is ours.
fn matrix(
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
