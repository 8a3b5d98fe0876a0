//! What is killed comes back, and nobody loses anything meanwhile. These break parts that every test shares, so they
//! run after the others and one at a time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this whole file is tests; clippy exempts only the functions marked so"
)]

use std::{
    future::Future,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{Event, Pod},
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use rustix::process::Signal;
use serde_json::json;
use strongroom_tests::{
    cluster::{pods, wait},
    installation::{self, NAMESPACE, NODE_NAMESPACE},
    local::faults,
    scenario::{PATIENCE, Scenario},
};
use tokio::sync::Mutex;

static ALONE: Mutex<()> = Mutex::const_new(());

/// Runs a test alone in a scenario, and leaves Strongroom whole for the next whatever happened.
async fn alone<F, Fut>(name: &str, test: F) -> Result<()>
where
    F: FnOnce(std::sync::Arc<Scenario>) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let _turn = ALONE.lock().await;
    let scenario = std::sync::Arc::new(Scenario::start(name).await?);
    let outcome = test(std::sync::Arc::clone(&scenario)).await;
    scale(&scenario, "strongroom-operator", 2).await?;
    installation::ready(&scenario.client()).await?;
    let scenario = std::sync::Arc::into_inner(scenario).context("the test still uses its scenario")?;
    scenario.end(outcome).await
}

async fn scale(scenario: &Scenario, deployment: &str, replicas: u32) -> Result<()> {
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
struct Killed {
    pods: Api<Pod>,
    pod: String,
    restarts: i32,
}

impl Killed {
    /// Kills a container's processes as a crash would.
    async fn now(scenario: &Scenario, namespace: &str, labels: &str, container: &str) -> Result<Self> {
        let pods: Api<Pod> = Api::namespaced(scenario.client(), namespace);
        let pod = lasting(&pods, labels).await?.pop().context("no such pod")?;
        scenario.cluster.local()?;
        for process in faults::container(&pod, container)? {
            process.signal(Signal::KILL)?;
        }
        let restarts = restarts(&pod).context("a pod without a running container")?.0;
        let pod = pod.metadata.name.context("a pod without a name")?;
        Ok(Self { pods, pod, restarts })
    }

    /// Waits until the container runs again and is ready: the kubelet takes a moment to notice that it was killed, and
    /// until then shows it as ready.
    async fn back(&self) -> Result<()> {
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
async fn lasting(pods: &Api<Pod>, labels: &str) -> Result<Vec<Pod>> {
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
async fn running_app(scenario: &Scenario) -> Result<()> {
    scenario.set("db-password", "first")?;
    scenario.secret_ref("db", &[("password", "db-password")]).await?;
    scenario.pod("app", "api", "db").await?;
    scenario.running("app").await?;
    ensure!(scenario.read("app", "/secrets/password").await? == "first");
    Ok(())
}

#[tokio::test]
async fn a_killed_driver_changes_no_byte_and_catches_up_within_a_second_of_its_return() -> Result<()> {
    alone("driver", |scenario| async move {
        running_app(&scenario).await?;
        let driver = Killed::now(
            &scenario,
            NODE_NAMESPACE,
            "app.kubernetes.io/component=csi",
            "csi",
        )
        .await?;
        ensure!(scenario.read("app", "/secrets/password").await? == "first");
        tokio::time::sleep(Duration::from_secs(2)).await;
        scenario.set("db-password", "second")?;
        driver.back().await?;
        let returned = Instant::now();
        scenario.holds("app", "/secrets/password", "second").await?;
        ensure!(
            returned.elapsed() < Duration::from_secs(1),
            "{:?} after it was ready",
            returned.elapsed()
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_killed_vault_serves_and_enforces_its_last_policy_without_the_operator() -> Result<()> {
    alone("headless", |scenario| async move {
        running_app(&scenario).await?;
        scale(&scenario, "strongroom-operator", 0).await?;
        let labels = "app.kubernetes.io/name=strongroom-vault";
        let vault = Killed::now(&scenario, &scenario.vault.name, labels, "vault").await?;
        vault.back().await?;
        let got = scenario.cli("api", &["secret", "get", "db-password"], "")?;
        ensure!(got == "first");
        ensure!(
            scenario
                .cli("stranger", &["secret", "get", "db-password"], "")
                .is_err()
        );
        scenario.set("db-password", "second")?;
        scenario.holds("app", "/secrets/password", "second").await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn no_mount_fails_while_identity_service_and_operator_restart() -> Result<()> {
    alone("restarts", |scenario| async move {
        running_app(&scenario).await?;
        for deployment in ["strongroom-identity", "strongroom-operator"] {
            let api: Api<Deployment> = Api::namespaced(scenario.client(), NAMESPACE);
            api.restart(deployment).await?;
        }
        for n in 0..10 {
            scenario.pod(&format!("app-{n}"), "api", "db").await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        for n in 0..10 {
            scenario.running(&format!("app-{n}")).await?;
        }
        let events: Api<Event> = Api::namespaced(scenario.client(), &scenario.app.name);
        let failed = events
            .list(&ListParams::default().fields("reason=FailedMount"))
            .await?;
        let failed: Vec<_> = failed
            .items
            .into_iter()
            .filter_map(|event| event.message)
            .collect();
        ensure!(failed.is_empty(), "{failed:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_pod_goes_away_with_vault_and_driver_state_gone() -> Result<()> {
    alone("unpublish", |scenario| async move {
        running_app(&scenario).await?;
        scale(&scenario, "strongroom-operator", 0).await?;
        let vaults: Api<k8s_openapi::api::apps::v1::StatefulSet> =
            Api::namespaced(scenario.client(), &scenario.vault.name);
        vaults.delete("prod", &DeleteParams::default()).await?;
        let pods: Api<Pod> = Api::namespaced(scenario.client(), &scenario.app.name);
        pods.delete("app", &DeleteParams::default()).await?;
        wait::deleted(&pods, "app", PATIENCE).await
    })
    .await
}

#[tokio::test]
async fn fifty_pods_mount_at_once() -> Result<()> {
    alone("storm", |scenario| async move {
        running_app(&scenario).await?;
        let begun = Instant::now();
        for n in 0..50 {
            scenario.pod(&format!("app-{n}"), "api", "db").await?;
        }
        for n in 0..50 {
            scenario.running(&format!("app-{n}")).await?;
        }
        eprintln!("50 pods ran {:?} after the first was applied", begun.elapsed());
        scenario.set("db-password", "second")?;
        for n in 0..50 {
            scenario
                .holds(&format!("app-{n}"), "/secrets/password", "second")
                .await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_volume_and_its_seal_key_are_adopted_by_a_vault_made_to_recover() -> Result<()> {
    alone("recover", |scenario| async move {
        use strongroom_crds::Vault;
        running_app(&scenario).await?;
        let vaults: Api<Vault> = Api::namespaced(scenario.client(), &scenario.vault.name);
        vaults.delete("prod", &DeleteParams::default()).await?;
        let running: Api<Pod> = Api::namespaced(scenario.client(), &scenario.vault.name);
        wait::deleted(&running, "prod-0", PATIENCE).await?;
        let again = strongroom_tests::scenario::vault(&json!({}));
        scenario.apply(&scenario.vault.name, &again).await?;
        let stalled = wait::condition::<Vault>(
            &scenario.client(),
            &scenario.vault.name,
            "prod",
            ("Stalled", "True"),
            PATIENCE,
        )
        .await?;
        ensure!(stalled.0 == "RetainedDataFound", "{stalled:?}");
        let recover = strongroom_tests::scenario::vault(&json!({"createMode": "Recover"}));
        scenario.apply(&scenario.vault.name, &recover).await?;
        scenario.vault_ready().await?;
        scenario.enforced("api-reads-db").await?;
        ensure!(scenario.cli("api", &["secret", "get", "db-password"], "")? == "first");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn no_value_is_found_in_logs_events_statuses_or_metrics() -> Result<()> {
    alone("canary", |scenario| async move {
        const CANARY: &str = "CANARY-5f3a9c";
        scenario.set("db-password", CANARY)?;
        scenario.secret_ref("db", &[("password", "db-password")]).await?;
        scenario.pod("app", "api", "db").await?;
        scenario.pod("intruder", "stranger", "db").await?;
        scenario.running("app").await?;
        scenario.mount_error("intruder", &["password"]).await?;
        ensure!(scenario.read("app", "/secrets/password").await? == CANARY);
        let client = scenario.client();
        let mut texts = Vec::new();
        for namespace in [NAMESPACE, NODE_NAMESPACE, &scenario.vault.name] {
            let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
            for pod in lasting(&api, "").await? {
                let name = pod.metadata.name.clone().unwrap_or_default();
                texts.push(api.logs(&name, &kube::api::LogParams::default()).await?);
                let metrics = format!("/api/v1/namespaces/{namespace}/pods/{name}:9090/proxy/metrics");
                texts.push(
                    client
                        .request_text(http::Request::get(metrics).body(Vec::new())?)
                        .await?,
                );
            }
        }
        for namespace in [&scenario.vault.name, &scenario.app.name] {
            for kind in ["vaults", "accesspolicies", "secretrefs"] {
                let path = format!("/apis/strongroom.dev/v1alpha1/namespaces/{namespace}/{kind}");
                texts.push(
                    client
                        .request_text(http::Request::get(path).body(Vec::new())?)
                        .await?,
                );
            }
            for kind in ["events", "configmaps", "secrets", "pods"] {
                let path = format!("/api/v1/namespaces/{namespace}/{kind}");
                texts.push(
                    client
                        .request_text(http::Request::get(path).body(Vec::new())?)
                        .await?,
                );
            }
        }
        let audit = audit_files(&scenario).await?;
        ensure!(
            audit.contains("SecretGet") && audit.contains("db-password"),
            "the audit log has no record of the read"
        );
        texts.push(audit);
        let encoded = ["CANARY-5f3a9c", "Q0FOQVJZLTVmM2E5Y", "43414e4152592d356633613963"];
        for text in texts {
            for canary in encoded {
                ensure!(
                    !text.contains(canary),
                    "{}",
                    text.lines().find(|line| line.contains(canary)).unwrap_or("")
                );
            }
        }
        Ok(())
    })
    .await
}

/// The vault's audit log, read from its volume by a pod of the test's own.
async fn audit_files(scenario: &Scenario) -> Result<String> {
    let mut reader = pods::shell("auditor");
    let spec = reader["spec"].as_object_mut().unwrap();
    spec.insert(
        "volumes".to_owned(),
        json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data-prod-0"}}]),
    );
    spec["containers"][0]["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    scenario.apply(&scenario.vault.name, &reader).await?;
    wait::pod(&scenario.client(), &scenario.vault.name, "auditor", PATIENCE).await?;
    let cat = ["/bin/sh", "-c", "cat /data/audit/*"];
    pods::check(&scenario.client(), &scenario.vault.name, "auditor", &cat).await
}
