//! The parts that every vault shares, restarted under load.

use std::time::Duration;

use anyhow::{Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use serde_json::json;
use strongroom_harness::installation::NAMESPACE;

use crate::breaking::{Killed, alone, leader, running_app};

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
        scenario.no_failed_mount().await
    })
    .await
}

#[tokio::test]
async fn a_killed_identity_replica_fails_no_mount() -> Result<()> {
    alone("identity", |scenario| async move {
        running_app(&scenario).await?;
        let labels = "app.kubernetes.io/component=identity";
        let killed = Killed::now(&scenario, NAMESPACE, labels, "identity").await?;
        for n in 0..4 {
            scenario.pod(&format!("app-{n}"), "api", "db").await?;
        }
        for n in 0..4 {
            scenario.running(&format!("app-{n}")).await?;
        }
        killed.back().await?;
        // Its new key is known to the vault by now, or is learnt at the first token under it.
        for n in 4..8 {
            scenario.pod(&format!("app-{n}"), "api", "db").await?;
            scenario.running(&format!("app-{n}")).await?;
        }
        scenario.no_failed_mount().await
    })
    .await
}

#[tokio::test]
async fn a_killed_leader_loses_no_policy_and_another_replica_goes_on() -> Result<()> {
    alone("leader", |scenario| async move {
        running_app(&scenario).await?;
        let leader = leader(&scenario).await?;
        // Applied just before the leader is killed: the next leader enforces it.
        let read = json!({"permissions": {"secrets": ["get"]}});
        let stranger = [scenario.account("stranger")];
        scenario
            .policy("stranger-reads", "Allow", &stranger, &["db-*"], &read)
            .await?;
        let killed = Killed::pod(&scenario, NAMESPACE, &leader, "operator").await?;
        scenario.pod("meanwhile", "api", "db").await?;
        scenario.running("meanwhile").await?;
        scenario.set("db-password", "second")?;
        scenario.holds("app", "/secrets/password", "second").await?;
        killed.back().await?;
        scenario.enforced("stranger-reads").await?;
        ensure!(scenario.cli("stranger", &["secret", "get", "db-password"], "")? == "second");
        scenario.no_failed_mount().await
    })
    .await
}
