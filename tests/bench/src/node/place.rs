//! A vault, an app and its volumes.

use std::path::PathBuf;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, ListParams},
};
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::{
    cluster::wait,
    installation::NODE_NAMESPACE,
    local::{Layout, faults, process::Process, record::Record},
    testbed::Cluster,
};

/// Where everything is measured.
pub struct Place {
    /// The vault, the app and its accounts.
    pub scenario: Scenario,
    /// The record of the local cluster.
    pub record: Record,
    /// Where the local cluster keeps its files.
    pub layout: Layout,
}

/// The files of every volume: three secrets.
pub const FILES: [(&str, &str); 3] = [
    ("password", "db-password"),
    ("user", "db-user"),
    ("url", "db-url"),
];

impl Place {
    /// A vault with three secrets and a SecretRef that names them.
    pub async fn prepare(layout: &Layout) -> Result<Self> {
        let record = Record::load(layout)?.context("the cluster has no record")?;
        let cluster = Cluster::connect_local(layout).await?;
        let scenario = Scenario::start_with(cluster, "bench", &serde_json::json!({})).await?;
        for (_, secret) in FILES {
            scenario.set(secret, "first")?;
        }
        scenario.secret_ref("db", &FILES).await?;
        scenario.ref_is("db", "True").await?;
        Ok(Self {
            scenario,
            record,
            layout: layout.clone(),
        })
    }

    /// A client of the cluster's API server.
    pub fn client(&self) -> Client {
        self.scenario.client()
    }

    /// The pods of a namespace that have a label.
    pub async fn pods_of(&self, namespace: &str, label: &str) -> Result<Vec<Pod>> {
        let pods: Api<Pod> = Api::namespaced(self.client(), namespace);
        let found = pods.list(&ListParams::default().labels(label)).await?;
        Ok(found
            .items
            .into_iter()
            .filter(|pod| pod.metadata.deletion_timestamp.is_none())
            .collect())
    }

    /// The driver's pod.
    pub async fn driver(&self) -> Result<Pod> {
        let found = self
            .pods_of(NODE_NAMESPACE, "app.kubernetes.io/component=csi")
            .await?;
        found.into_iter().next().context("no driver runs")
    }

    /// The one process of a pod.
    pub fn process(pod: &Pod) -> Result<Process> {
        let spec = pod.spec.as_ref().context("a pod without a spec")?;
        let container = spec.containers.first().context("a pod without containers")?;
        let processes = faults::container(pod, &container.name)?;
        processes.into_iter().next().context("no process")
    }

    /// The text of a pod's metrics.
    pub async fn metrics(&self, pod: &Pod) -> Result<String> {
        let (namespace, name) = (pod.namespace().unwrap_or_default(), pod.name_any());
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:9090/proxy/metrics");
        let request = http::Request::get(path).body(Vec::new())?;
        Ok(self.client().request_text(request).await?)
    }

    /// Starts pods that mount, and waits until they run.
    pub async fn pods(&self, count: usize) -> Result<()> {
        for n in 0..count {
            self.scenario.pod(&format!("app-{n}"), "api", "db").await?;
        }
        for n in 0..count {
            self.scenario.running(&format!("app-{n}")).await?;
        }
        Ok(())
    }

    /// Removes a pod of the app and waits until it is gone.
    pub async fn remove(&self, pod: &str) -> Result<()> {
        let pods: Api<Pod> = Api::namespaced(self.client(), &self.scenario.app.name);
        pods.delete(pod, &DeleteParams::default().grace_period(0)).await?;
        wait::deleted(&pods, pod, PATIENCE).await
    }

    /// The links that a rewrite replaces, one for each of the app's volumes, as this machine sees them.
    pub async fn links(&self) -> Result<Vec<PathBuf>> {
        let node = self.record.bundles.iter().find(|bundle| bundle.role != "control");
        let node = node.context("the cluster has no node")?;
        let root = PathBuf::from(format!("/proc/{}/root", node.init.pid));
        let pods: Api<Pod> = Api::namespaced(self.client(), &self.scenario.app.name);
        let pods = pods.list(&ListParams::default()).await?;
        Ok(pods
            .iter()
            .filter_map(ResourceExt::uid)
            .map(|uid| {
                let volume =
                    format!("var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~csi/secrets/mount/..data");
                root.join(volume)
            })
            .collect())
    }
}

/// The sum of a metric over all of its labels.
pub fn sum(metrics: &str, name: &str) -> f64 {
    let values = metrics.lines().filter_map(|line| {
        let (metric, value) = line.rsplit_once(' ')?;
        let bare = metric.split_once('{').map_or(metric, |(bare, _)| bare);
        (bare == name).then(|| value.parse::<f64>().ok()).flatten()
    });
    values.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels_and_not_over_longer_names() {
        let text = "# TYPE a counter\na_total{x=\"1\"} 2\na_total{x=\"2 3\"} 3\na_total_more 7\n";
        assert!((sum(text, "a_total") - 5.0).abs() < f64::EPSILON);
    }
}
