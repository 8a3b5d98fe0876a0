//! `make demo` on a cluster that `KUBECONFIG` names shows what the README says, and `make demo-down` takes it away.

use std::{fmt::Debug, os::unix::fs::symlink, process::Command};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DeleteParams, ListParams, LogParams},
};
use serde::de::DeserializeOwned;
use strongroom_crds::{AccessPolicy, SecretRef, Vault};
use strongroom_e2e::{
    scenario::{PATIENCE, Scenario},
    sdk,
};
use strongroom_harness::{
    cluster::wait,
    command,
    installation::{NAMESPACE, NODE_NAMESPACE},
    testbed::Cluster,
    workspace,
};

use crate::{alone, installer, path_with_tools};

#[tokio::test]
async fn the_demo_shows_what_the_readme_says_and_goes_away() -> Result<()> {
    alone("demo", async |scenario| {
        let shown = harness(&scenario.cluster, "demo").await?;
        for wanted in [
            "first-",
            "second-",
            "The file ",
            "service account shop/intern may not read it, or it does not exist",
            "The conditions of the SecretRef are about another one, shop/api.",
            "set https://prod.team-a.svc/secrets/sdk-rust/",
            "deleted sdk-rust",
            "What to try next",
        ] {
            ensure!(
                shown.contains(wanted),
                "the demo does not show {wanted:?}:\n{shown}"
            );
        }
        nothing_waits_for_a_finalizer(&scenario.client()).await?;
        the_plugin_answers(&scenario.cluster)?;
        the_sdk_is_refused_once_the_policy_is_gone(&scenario).await?;

        harness(&scenario.cluster, "demo-down").await?;
        let namespaces: Api<Namespace> = Api::all(scenario.client());
        for name in ["team-a", "shop", NAMESPACE, NODE_NAMESPACE] {
            wait::deleted(&namespaces, name, PATIENCE).await?;
        }
        let drivers: Api<k8s_openapi::api::storage::v1::CSIDriver> = Api::all(scenario.client());
        let drivers = drivers.list(&ListParams::default()).await?;
        ensure!(
            drivers
                .iter()
                .all(|driver| driver.name_any() != "csi.strongroom.dev"),
            "the driver stayed"
        );
        Ok(())
    })
    .await
}

/// Runs the program as `make` does, and gives what it showed.
async fn harness(cluster: &Cluster, word: &'static str) -> Result<String> {
    let (program, environment) = (workspace::program("harness")?, path_with_tools(cluster)?);
    let output =
        tokio::task::spawn_blocking(move || Command::new(program).arg(word).envs(environment).output())
            .await?
            .context("cannot start the harness")?;
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{word} failed:\n{shown}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(shown)
}

/// The deletion of an object must never hang on an operator that is gone.
async fn nothing_waits_for_a_finalizer(client: &Client) -> Result<()> {
    async fn none<K>(client: &Client) -> Result<()>
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
    {
        let objects = Api::<K>::all(client.clone()).list(&ListParams::default()).await?;
        ensure!(!objects.items.is_empty(), "there is no {}", K::kind(&()));
        for object in objects {
            ensure!(object.finalizers().is_empty(), "{object:?}");
        }
        Ok(())
    }
    none::<Vault>(client).await?;
    none::<AccessPolicy>(client).await?;
    none::<SecretRef>(client).await
}

/// kubectl finds the program in the `PATH` by its other name.
fn the_plugin_answers(cluster: &Cluster) -> Result<()> {
    let plugins = tempfile::tempdir()?;
    symlink(
        workspace::program("strongroom")?,
        plugins.path().join("kubectl-strongroom"),
    )?;
    let mut kubectl = installer(cluster)?.kubectl();
    kubectl
        .env("PATH", plugins.path())
        .args(["strongroom", "policy", "check"]);
    kubectl.args(["--vault", "team-a/prod", "--service-account", "shop:api"]);
    kubectl.args(["--permission", "secrets/get", "--object", "db-password"]);
    let said = String::from_utf8(command::output(&mut kubectl)?)?;
    ensure!(said.contains("shop-reads-db"), "{said}");
    Ok(())
}

async fn the_sdk_is_refused_once_the_policy_is_gone(scenario: &Scenario) -> Result<()> {
    let policies: Api<AccessPolicy> = Api::namespaced(scenario.client(), "team-a");
    policies.delete("shop-uses-sdk", &DeleteParams::default()).await?;
    let pods: Api<Pod> = Api::namespaced(scenario.client(), "shop");
    wait::until("the SDK's program is refused", PATIENCE, || async {
        run_again(&scenario.cluster)?;
        let is_well = sdk::ended_well(&pods, "sdk-rust", sdk::DEADLINE).await?;
        let said = pods.logs("sdk-rust", &LogParams::default()).await?;
        Ok(
            if !is_well && said.contains("does not have secrets/list permission") {
                wait::Seen::Ready(())
            } else {
                wait::Seen::NotYet(said)
            },
        )
    })
    .await
}

/// The command that the demo says last.
fn run_again(cluster: &Cluster) -> Result<()> {
    let mut kubectl = installer(cluster)?.kubectl();
    kubectl.args(["replace", "--force", "--filename"]);
    kubectl.arg(workspace::root().join("examples/sdk/rust/pod.yaml"));
    command::output(&mut kubectl).map(drop)
}
