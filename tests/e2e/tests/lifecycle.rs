//! An installation's own life: upgraded, removed and installed again, with old definitions, in a new cluster; and that
//! it holds no more rights and opens no more ports than it uses. These change what every test shares, so they run after
//! the others and one at a time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this whole file is tests; clippy exempts only the functions marked so"
)]

#[path = "lifecycle/definitions.rs"]
mod definitions;
#[path = "lifecycle/demo.rs"]
mod demo;
#[path = "lifecycle/flows.rs"]
mod flows;
#[path = "lifecycle/policy.rs"]
mod policy;
#[path = "lifecycle/recipe.rs"]
mod recipe;
#[path = "lifecycle/restore.rs"]
mod restore;
#[path = "lifecycle/rights.rs"]
mod rights;
#[path = "lifecycle/uninstall.rs"]
mod uninstall;
#[path = "lifecycle/upgrade.rs"]
mod upgrade;

use std::{
    env,
    ffi::OsString,
    future::Future,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{ConfigMap, Event};
use kube::{Api, Client, api::ListParams};
use serde_json::json;
use strongroom_e2e::{exclusive, scenario::Scenario};
use strongroom_harness::{
    cluster::pods,
    installation::{self, Installer, NAMESPACE},
    testbed::Cluster,
    tools::Store,
};
use tokio::task::JoinHandle;

/// Runs a test alone in a scenario, and leaves Strongroom as it was installed for the next whatever happened.
async fn alone<F, Fut>(name: &str, test: F) -> Result<()>
where
    F: FnOnce(Arc<Scenario>) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let installed = async |scenario: &Scenario| install("dev", &[], &scenario.cluster).await;
    exclusive::alone(name, &json!({}), installed, test).await
}

fn kubeconfig(cluster: &Cluster) -> Result<PathBuf> {
    match cluster.local() {
        Ok(local) => Ok(local.layout.kubeconfig()),
        Err(_) => env::var_os("KUBECONFIG")
            .map(PathBuf::from)
            .context("there is no KUBECONFIG"),
    }
}

/// What installs on a cluster.
fn installer(cluster: &Cluster) -> Result<Installer> {
    Installer::new(&Store::from_env()?, &kubeconfig(cluster)?)
}

/// The environment in which the documentation's commands run against a cluster.
fn path_with_tools(cluster: &Cluster) -> Result<[(&'static str, OsString); 2]> {
    environment(&kubeconfig(cluster)?)
}

/// The same by the cluster's kubeconfig.
fn environment(kubeconfig: &Path) -> Result<[(&'static str, OsString); 2]> {
    let mut paths = vec![Store::from_env()?.links()];
    paths.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    Ok([
        ("PATH", env::join_paths(paths)?),
        ("KUBECONFIG", kubeconfig.into()),
    ])
}

/// The id of a cluster's installation.
async fn installation_id(client: &Client) -> Result<String> {
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), NAMESPACE);
    let data = maps
        .get("strongroom-installation")
        .await?
        .data
        .unwrap_or_default();
    data.get("id").cloned().context("the installation has no id")
}

/// Installs or upgrades as the documentation says, and waits until every part is of the new revision.
async fn install(tag: &'static str, values: &'static [&'static str], cluster: &Cluster) -> Result<()> {
    let installer = installer(cluster)?;
    tokio::task::spawn_blocking(move || installer.install(tag, values)).await??;
    installation::ready(&cluster.client()).await
}

/// A pod of account `api` that shows `db-password`, which holds `value`.
async fn running_app(scenario: &Scenario, value: &str) -> Result<()> {
    scenario.set("db-password", value)?;
    scenario.secret_ref("db", &[("password", "db-password")]).await?;
    scenario.pod("app", "api", "db").await?;
    scenario.running("app").await?;
    ensure!(scenario.read("app", "/secrets/password").await? == value);
    Ok(())
}

/// A program in the pod `app` that reads its file all the time: it saw `from` and nothing else until it saw `to`.
struct Witness(JoinHandle<Result<Instant>>);

impl Witness {
    /// Begins to watch.
    fn begin(scenario: &Scenario, from: &str, to: &str) -> Self {
        let watch = format!(
            "while v=$(cat /secrets/password); do \
               case \"$v\" in {from}) ;; {to}) exit 0 ;; *) echo \"saw $v\" >&2; exit 1 ;; esac; \
               usleep 20000; \
             done; exit 2"
        );
        let (client, namespace) = (scenario.client(), scenario.app.name.clone());
        Self(tokio::spawn(async move {
            pods::check(&client, &namespace, "app", &["/bin/sh", "-c", &watch]).await?;
            Ok(Instant::now())
        }))
    }

    /// Waits for the new value; returns how long that took.
    async fn seen(self) -> Result<Duration> {
        let begun = Instant::now();
        Ok(self.0.await??.saturating_duration_since(begun))
    }

    /// Writes the new value, and checks that the file follows within a second.
    async fn follows(self, scenario: &Scenario, to: &str) -> Result<()> {
        ensure!(
            !self.0.is_finished(),
            "the file changed before its secret: {:?}",
            self.0.await
        );
        scenario.set("db-password", to)?;
        let lag = self.seen().await?;
        eprintln!("the file changed {lag:?} after the command had returned");
        ensure!(
            lag < Duration::from_secs(1),
            "the file changed {lag:?} after the command had returned"
        );
        Ok(())
    }
}

/// What the kubelet said about mounts of the app's pods that failed.
async fn failed_mounts(scenario: &Scenario) -> Result<Vec<String>> {
    let events: Api<Event> = Api::namespaced(scenario.client(), &scenario.app.name);
    let failed = ListParams::default().fields("reason=FailedMount");
    let found = events.list(&failed).await?.items;
    Ok(found.into_iter().filter_map(|event| event.message).collect())
}
