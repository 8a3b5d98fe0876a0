//! Values that must be nowhere but in the vault and in the pods they are for.

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use serde_json::json;
use strongroom_tests::{
    cluster::{pods, wait},
    installation::{NAMESPACE, NODE_NAMESPACE},
    scenario::{PATIENCE, Scenario},
};

use crate::breaking::{alone, lasting};

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
