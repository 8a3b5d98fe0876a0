//! What these tests share: a turn of their own, ways to break one thing, and an app that must not notice.

use std::{future::Future, sync::Arc};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::{apps::v1::Deployment, coordination::v1::Lease, core::v1::Pod};
use kube::{
    Api, ResourceExt,
    api::{ListParams, Patch, PatchParams},
};
use rustix::process::Signal;
use serde_json::{Value, json};
use strongroom_e2e::{
    exclusive,
    scenario::{PATIENCE, Scenario},
};
use strongroom_harness::{
    cluster::wait,
    installation::{self, NAMESPACE},
    local::faults,
};

/// Runs a test alone in a scenario, and leaves Strongroom whole for the next whatever happened.
pub async fn alone<F, Fut>(name: &str, test: F) -> Result<()>
where
    F: FnOnce(Arc<Scenario>) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    alone_with(name, json!({}), test).await
}

/// The same with a vault of this spec.
pub async fn alone_with<F, Fut>(name: &str, spec: Value, test: F) -> Result<()>
where
    F: FnOnce(Arc<Scenario>) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let whole = async |scenario: &Scenario| {
        scale(scenario, "strongroom-operator", 2).await?;
        installation::ready(&scenario.client()).await
    };
    exclusive::alone(name, &spec, whole, test).await
}

/// Changes how many replicas a part has, and waits until it has them.
pub async fn scale(scenario: &Scenario, deployment: &str, replicas: u32) -> Result<()> {
    let api: Api<Deployment> = Api::namespaced(scenario.client(), NAMESPACE);
    let patch = json!({"spec": {"replicas": replicas}});
    api.patch(deployment, &PatchParams::default(), &Patch::Merge(&patch))
        .await?;
    let pods: Api<Pod> = Api::namespaced(scenario.client(), NAMESPACE);
    let component = deployment.trim_start_matches("strongroom-");
    let these = ListParams::default().labels(&format!("app.kubernetes.io/component={component}"));
    wait::until(&format!("{deployment} has {replicas} pods"), PATIENCE, || async {
        let found = pods.list(&these).await?.items.len();
        Ok(if found == usize::try_from(replicas)? {
            wait::Seen::Ready(())
        } else {
            wait::Seen::NotYet(format!("{found}"))
        })
    })
    .await
}

/// A container whose processes were killed.
pub struct Killed {
    pods: Api<Pod>,
    pod: String,
    restarts: i32,
}

impl Killed {
    /// Kills a container's processes as a crash would.
    pub async fn now(scenario: &Scenario, namespace: &str, labels: &str, container: &str) -> Result<Self> {
        let pods: Api<Pod> = Api::namespaced(scenario.client(), namespace);
        let pod = lasting(&pods, labels).await?.pop().context("no such pod")?;
        Self::pod(scenario, namespace, &pod.name_any(), container).await
    }

    /// The same with a pod by its name.
    pub async fn pod(scenario: &Scenario, namespace: &str, name: &str, container: &str) -> Result<Self> {
        let pods: Api<Pod> = Api::namespaced(scenario.client(), namespace);
        let pod = pods.get(name).await?;
        scenario.cluster.local()?;
        for process in faults::container(&pod, container)? {
            process.signal(Signal::KILL)?;
        }
        let restarts = restarts(&pod).context("a pod without a running container")?.0;
        let pod = pod.name_any();
        Ok(Self { pods, pod, restarts })
    }

    /// Waits until the container runs again and is ready: the kubelet takes a moment to notice that it was killed, and
    /// until then shows it as ready.
    pub async fn back(&self) -> Result<()> {
        wait::until(&format!("{} is back", self.pod), PATIENCE, || async {
            Ok(match restarts(&self.pods.get(&self.pod).await?) {
                Some((count, true)) if count > self.restarts => wait::Seen::Ready(()),
                state => wait::Seen::NotYet(format!("{state:?}")),
            })
        })
        .await
    }
}

/// The pods that are not on their way out.
pub async fn lasting(pods: &Api<Pod>, labels: &str) -> Result<Vec<Pod>> {
    let mut found = pods.list(&ListParams::default().labels(labels)).await?.items;
    found.retain(|pod| pod.metadata.deletion_timestamp.is_none());
    Ok(found)
}

/// How often a pod's first container was restarted, and whether it is ready.
fn restarts(pod: &Pod) -> Option<(i32, bool)> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    let status = statuses.first()?;
    Some((status.restart_count, status.ready))
}

/// A pod of account `api` that shows `db-password`, which holds `first`.
pub async fn running_app(scenario: &Scenario) -> Result<()> {
    scenario.set("db-password", "first")?;
    scenario.secret_ref("db", &[("password", "db-password")]).await?;
    scenario.pod("app", "api", "db").await?;
    scenario.running("app").await?;
    ensure!(scenario.read("app", "/secrets/password").await? == "first");
    Ok(())
}

/// The pod of the operator that leads.
pub async fn leader(scenario: &Scenario) -> Result<String> {
    let leases: Api<Lease> = Api::namespaced(scenario.client(), NAMESPACE);
    let lease = leases.get("strongroom-operator").await?;
    let holder = lease.spec.and_then(|spec| spec.holder_identity);
    holder.context("nobody leads")
}
