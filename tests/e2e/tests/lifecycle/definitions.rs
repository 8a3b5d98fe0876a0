//! An operator that finds older definitions reports them, with the command that replaces them.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use k8s_openapi::{
    api::{apps::v1::Deployment, core::v1::Pod},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, ResourceExt,
    api::{ListParams, LogParams, Patch, PatchParams},
};
use serde_json::json;
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::{
    cluster::wait,
    command,
    installation::{self, NAMESPACE},
    workspace,
};

use crate::{alone, path_with_tools, running_app};

/// The command that `docs/install.md` gives before every upgrade.
const REMEDY: &str = "kubectl apply --server-side --force-conflicts -f charts/strongroom/crds/";

#[tokio::test]
async fn an_operator_newer_than_the_definitions_prints_the_command_and_goes_on_once_it_was_run() -> Result<()>
{
    alone("definitions", async |scenario| {
        running_app(&scenario, "first").await?;
        let definitions: Api<CustomResourceDefinition> = Api::all(scenario.client());
        let older = json!({"metadata": {"annotations": {"strongroom.dev/crd-version": "0"}}});
        definitions
            .patch(
                "secretrefs.strongroom.dev",
                &PatchParams::default(),
                &Patch::Merge(&older),
            )
            .await?;
        Api::<Deployment>::namespaced(scenario.client(), NAMESPACE)
            .restart("strongroom-operator")
            .await?;
        let (pod, log) = pod_with_remedy(&scenario).await?;
        ensure!(
            log.contains("secretrefs.strongroom.dev") && !log.contains("vaults.strongroom.dev"),
            "{log}"
        );
        let pods: Api<Pod> = Api::namespaced(scenario.client(), NAMESPACE);
        let found = pods.get(&pod).await?;
        let status = found.status.context("the operator has no status")?;
        let container = status
            .container_statuses
            .unwrap_or_default()
            .pop()
            .context("no container")?;
        ensure!(!container.ready && container.restart_count == 0, "{container:?}");
        // The operator of before is still in charge.
        scenario.secret_ref("other", &[("other", "db-password")]).await?;
        scenario.ref_is("other", "True").await?;

        let mut remedy = Command::new("sh");
        remedy.args(["-ceu", REMEDY]).current_dir(workspace::root());
        for (name, value) in path_with_tools(&scenario.cluster)? {
            remedy.env(name, value);
        }
        command::output(&mut remedy)?;
        installation::ready(&scenario.client()).await?;
        ensure!(
            pods.get_opt(&pod).await?.is_some(),
            "the pod that printed the command had to be replaced"
        );
        Ok(())
    })
    .await
}

/// Waits until a pod of the operator prints the command; returns its name and log.
async fn pod_with_remedy(scenario: &Scenario) -> Result<(String, String)> {
    let pods: Api<Pod> = Api::namespaced(scenario.client(), NAMESPACE);
    let operators = ListParams::default().labels("app.kubernetes.io/component=operator");
    wait::until("an operator prints the command", PATIENCE, || async {
        for pod in pods.list(&operators).await? {
            let log = pods
                .logs(&pod.name_any(), &LogParams::default())
                .await
                .unwrap_or_default();
            if log.contains(REMEDY) {
                return Ok(wait::Seen::Ready((pod.name_any(), log)));
            }
        }
        Ok(wait::Seen::NotYet("none does".to_owned()))
    })
    .await
}
