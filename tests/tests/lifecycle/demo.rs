//! `make demo` on a cluster that `KUBECONFIG` names shows what the README says, and `make demo-down` takes it away.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::{
    Api, ResourceExt,
    api::{DeleteParams, ListParams, LogParams},
};
use strongroom_crds::AccessPolicy;
use strongroom_tests::{
    cluster::{Cluster, wait},
    installation::{NAMESPACE, NODE_NAMESPACE},
    scenario::{PATIENCE, Scenario},
};

use crate::{alone, path_with_tools};

#[tokio::test]
async fn the_demo_shows_what_the_readme_says_and_goes_away() -> Result<()> {
    alone("demo", async |scenario| {
        let shown = harness(&scenario.cluster, "demo").await?;
        for wanted in [
            "first-",
            "second-",
            "The file ",
            "not permitted, or it does not exist",
            "characters, https://prod.team-a.svc",
            "What to try next",
        ] {
            ensure!(
                shown.contains(wanted),
                "the demo does not show {wanted:?}:\n{shown}"
            );
        }
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
    let environment = path_with_tools(cluster)?;
    let output = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_harness"))
            .arg(word)
            .envs(environment)
            .output()
    })
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

async fn the_sdk_is_refused_once_the_policy_is_gone(scenario: &Scenario) -> Result<()> {
    let policies: Api<AccessPolicy> = Api::namespaced(scenario.client(), "team-a");
    policies.delete("shop-reads-db", &DeleteParams::default()).await?;
    let pods: Api<Pod> = Api::namespaced(scenario.client(), "shop");
    let last = LogParams {
        tail_lines: Some(1),
        ..LogParams::default()
    };
    wait::until("the SDK's program is refused", PATIENCE, || async {
        let said = pods.logs("azure-sdk", &last).await?;
        Ok(if said.contains("the vault refuses") {
            wait::Seen::Ready(())
        } else {
            wait::Seen::NotYet(said)
        })
    })
    .await
}
