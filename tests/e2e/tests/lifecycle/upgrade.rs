//! An upgrade is nothing that a running pod notices.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::apps::v1::StatefulSet;
use kube::Api;
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::{
    cluster::wait,
    images,
    local::{
        config::CONTAINERD_SOCKET,
        enter::{self, Share},
        network::node_name,
        record::Record,
    },
};

use crate::{Witness, alone, failed_mounts, install, running_app};

/// Values that change the pods of operator, identity service and driver, and of no vault.
const LEVELS: [&str; 3] = [
    "operator.logLevel=debug",
    "identity.logLevel=debug",
    "node.logLevel=debug",
];

#[tokio::test]
async fn an_upgrade_changes_no_mounted_byte_and_fails_no_mount() -> Result<()> {
    alone("upgrade", async |scenario| {
        running_app(&scenario, "first").await?;
        let witness = Witness::begin(&scenario, "first", "second");
        let pods = mount_meanwhile(&scenario, "dev", &LEVELS).await?;
        for pod in &pods {
            scenario.running(pod).await?;
        }
        let failed = failed_mounts(&scenario).await?;
        ensure!(failed.is_empty(), "of {} mounts: {failed:?}", pods.len());
        witness.follows(&scenario, "second").await?;
        for pod in &pods {
            scenario.holds(pod, "/secrets/password", "second").await?;
        }

        // A new image replaces the vault too: for that moment nobody can mount, and nothing that is mounted changes.
        tag(&scenario.cluster.local()?.record, "next")?;
        let witness = Witness::begin(&scenario, "second", "settled");
        let pods = mount_meanwhile(&scenario, "next", &[]).await?;
        vault_of(&scenario, "next").await?;
        for pod in &pods {
            scenario.running(pod).await?;
        }
        // The driver looks for a vault that was away ever more seldom; once it is back, all is as before.
        scenario.set("db-password", "settled")?;
        let settled = witness.seen().await?;
        eprintln!("the driver had found the new vault {settled:?} later");
        Witness::begin(&scenario, "settled", "third")
            .follows(&scenario, "third")
            .await?;
        scenario.pod("after", "api", "db").await?;
        scenario.running("after").await?;
        ensure!(scenario.read("after", "/secrets/password").await? == "third");
        Ok(())
    })
    .await
}

/// Upgrades, with a new pod that mounts every second until all is of the new revision; gives the pods.
async fn mount_meanwhile(
    scenario: &std::sync::Arc<Scenario>,
    tag: &'static str,
    values: &'static [&'static str],
) -> Result<Vec<String>> {
    let cluster = scenario.cluster.clone();
    let upgraded = tokio::spawn(async move { install(tag, values, &cluster).await });
    let mut pods = Vec::new();
    while !upgraded.is_finished() {
        let pod = format!("{tag}-{}", pods.len());
        scenario.pod(&pod, "api", "db").await?;
        pods.push(pod);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    upgraded.await??;
    eprintln!(
        "{} pods began to mount during the upgrade to {tag} {values:?}",
        pods.len()
    );
    ensure!(pods.len() > 1, "the upgrade was over before a pod could mount");
    Ok(pods)
}

/// Waits until the vault's pod is of the tag, and ready.
async fn vault_of(scenario: &Scenario, tag: &str) -> Result<()> {
    let sets: Api<StatefulSet> = Api::namespaced(scenario.client(), &scenario.vault.name);
    wait::until(&format!("the vault is of the tag {tag}"), PATIENCE, || async {
        let set = sets.get("prod").await?;
        let pod = set.spec.and_then(|spec| spec.template.spec).context("no pod")?;
        let image = pod
            .containers
            .into_iter()
            .next()
            .and_then(|container| container.image);
        Ok(match image {
            Some(image) if image.ends_with(&format!(":{tag}")) => wait::Seen::Ready(()),
            image => wait::Seen::NotYet(format!("{image:?}")),
        })
    })
    .await?;
    wait::rollout::<StatefulSet>(&scenario.client(), &scenario.vault.name, "prod", PATIENCE).await?;
    scenario.vault_ready().await
}

/// Gives the images of the workspace a second tag on every node.
fn tag(record: &Record, tag: &str) -> Result<()> {
    for index in 0..record.options.nodes {
        for image in images::IMAGES {
            let mut ctr = enter::command(record, &node_name(index), Share::Everything)?;
            ctr.args(["ctr", "--address", CONTAINERD_SOCKET, "--namespace", "k8s.io"]);
            ctr.args(["images", "tag", "--force"]);
            ctr.args([image.reference(Some("dev")), image.reference(Some(tag))]);
            let output = ctr.output()?;
            if !output.status.success() {
                bail!("{}: {}", image.name, String::from_utf8_lossy(&output.stderr));
            }
        }
    }
    Ok(())
}
