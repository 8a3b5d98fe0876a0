//! Nodes that are older than the API server, as during an upgrade of a cluster.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::{core::v1::Node, storage::v1::CSIDriver};
use kube::{Api, ResourceExt, api::ListParams};
use serde_json::json;
use strongroom_e2e::scenario::{Scenario, mounting_pod};

/// The first minor version whose kubelet puts tokens among the secrets where the `CSIDriver` object asks for it.
const TOKENS_IN_SECRETS: u32 = 35;

/// The nodes by name, each with the minor version of its kubelet.
async fn kubelets(scenario: &Scenario) -> Result<Vec<(String, u32)>> {
    let nodes: Api<Node> = Api::all(scenario.client());
    let nodes = nodes.list(&ListParams::default()).await?;
    nodes
        .into_iter()
        .map(|node| Ok((node.name_any(), minor_version(node)?)))
        .collect()
}

fn minor_version(node: Node) -> Result<u32> {
    let information = node.status.and_then(|status| status.node_info);
    let version = information.context("a node without information")?.kubelet_version;
    let minor = version.split('.').nth(1).with_context(|| version.clone())?;
    Ok(minor.parse()?)
}

#[tokio::test]
#[ignore = "asks for a node of an older Kubernetes: make older-kubelet"]
async fn pods_on_an_older_kubelet_mount_and_follow_beside_a_newer_one() -> Result<()> {
    Scenario::start("skew")
        .await?
        .run(async |scenario| {
            let driver = Api::<CSIDriver>::all(scenario.client())
                .get("csi.strongroom.dev")
                .await?;
            ensure!(
                driver.spec.service_account_token_in_secrets == Some(true),
                "the API server is too old for this test"
            );
            let kubelets = kubelets(scenario).await?;
            let is_older = |minor: u32| minor < TOKENS_IN_SECRETS;
            for wanted in [true, false] {
                let found = kubelets.iter().any(|(_, minor)| is_older(*minor) == wanted);
                ensure!(found, "both kinds of kubelets are needed: {kubelets:?}");
            }
            scenario.set("db-password", "first")?;
            scenario.secret_ref("db", &[("password", "db-password")]).await?;
            for (node, _) in &kubelets {
                let mut pod = mounting_pod(node, "api", &json!({"secretRef": "db"}));
                pod["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": node});
                scenario.apply(&scenario.app.name, &pod).await?;
            }
            for (node, minor) in &kubelets {
                scenario
                    .running(node)
                    .await
                    .with_context(|| format!("on a kubelet 1.{minor}"))?;
                ensure!(scenario.read(node, "/secrets/password").await? == "first");
            }
            scenario.set("db-password", "second")?;
            for (node, minor) in &kubelets {
                let lag = scenario.holds(node, "/secrets/password", "second").await?;
                eprintln!("the file on a kubelet 1.{minor} followed within {lag:?}");
            }
            Ok(())
        })
        .await
}
