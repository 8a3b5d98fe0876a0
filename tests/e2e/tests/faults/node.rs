//! The node's driver killed, asked too much at once, and left alone.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use k8s_openapi::api::{apps::v1::StatefulSet, core::v1::Pod};
use kube::{Api, api::DeleteParams};
use strongroom_e2e::scenario::PATIENCE;
use strongroom_harness::{cluster::wait, installation::NODE_NAMESPACE};

use crate::breaking::{Killed, alone, running_app, scale};

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
async fn a_pod_goes_away_with_vault_and_driver_state_gone() -> Result<()> {
    alone("unpublish", |scenario| async move {
        running_app(&scenario).await?;
        scale(&scenario, "strongroom-operator", 0).await?;
        let vaults: Api<StatefulSet> = Api::namespaced(scenario.client(), &scenario.vault.name);
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
