//! Who the two ends of a connection are, by the names of the tables and as policies see them.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Result;
use k8s_openapi::api::{
    core::v1::{Namespace, Pod},
    networking::v1::NetworkPolicy,
};
use kube::{Api, Client, ResourceExt, api::ListParams};
use strongroom_e2e::scenario::Scenario;
use strongroom_harness::installation::{NAMESPACE, NODE_NAMESPACE};

use crate::policy::{Party, PodLabels};

/// The parts of Strongroom: `vault` has no `spec.network`, `open` lets everybody in, `chosen` the app's namespace.
pub const OURS: [&str; 6] = ["operator", "identity", "csi", "vault", "open", "chosen"];

/// The namespace that the chart lets read metrics.
pub const MONITORING: &str = "monitoring";

/// The address of a pod, once it has one.
pub fn address(pod: &Pod) -> Option<IpAddr> {
    pod.status.as_ref()?.pod_ip.as_ref()?.parse().ok()
}

/// Every pod that had an address, collected while parts come and go.
pub struct Known {
    pods: Arc<Mutex<BTreeMap<IpAddr, Pod>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Known {
    pub fn begin(client: &Client) -> Self {
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

    pub fn finish(self) -> BTreeMap<IpAddr, Pod> {
        self.task.abort();
        std::mem::take(&mut *self.pods.lock().unwrap())
    }
}

/// What a pod is called in the tables; `None` for one that is no part of this test.
pub fn role(scenario: &Scenario, pod: &Pod) -> Option<String> {
    let namespace = pod.namespace().unwrap_or_default();
    let label = |key: &str| pod.labels().get(key).cloned();
    if [NAMESPACE, NODE_NAMESPACE].contains(&namespace.as_str()) {
        label("app.kubernetes.io/component")
    } else if namespace == scenario.vault.name {
        let name = label("strongroom.dev/vault")?;
        Some(if name == "prod" { "vault".to_owned() } else { name })
    } else if namespace == scenario.app.name {
        Some("app".to_owned())
    } else if namespace == MONITORING {
        Some(namespace)
    } else {
        (label("k8s-app").as_deref() == Some("kube-dns")).then(|| "dns".to_owned())
    }
}

/// Policies, and the namespaces whose labels they select by.
pub type Policies = (Vec<NetworkPolicy>, Vec<Namespace>);

/// The policies of all three namespaces, as the chart and the operator made them.
pub async fn policies(scenario: &Scenario) -> Result<Policies> {
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

/// The end of a connection, as policies see it.
pub fn party(address: IpAddr, pod: Option<&Pod>, namespaces: &[Namespace]) -> Party {
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
pub fn is_node(address: IpAddr) -> bool {
    let text = address.to_string();
    text.starts_with("10.89.0.") || (text.starts_with("10.244.") && text.ends_with(".1"))
}
