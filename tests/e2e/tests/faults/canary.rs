//! Values that must be nowhere but in the vault and in the pods they are for.

use std::fs;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use serde_json::json;
use strongroom_e2e::scenario::{PATIENCE, Scenario};
use strongroom_harness::{
    cluster::{pods, wait},
    installation::{NAMESPACE, NODE_NAMESPACE},
};

use crate::breaking::{alone, lasting};

#[tokio::test]
async fn no_value_is_found_in_logs_events_statuses_metrics_audit_or_etcd() -> Result<()> {
    alone("canary", |scenario| async move {
        let canary = format!("CANARY-{}", uuid::Uuid::new_v4().simple());
        scenario.set("db-password", &canary)?;
        scenario.secret_ref("db", &[("password", "db-password")]).await?;
        scenario.pod("app", "api", "db").await?;
        scenario.pod("intruder", "stranger", "db").await?;
        scenario.running("app").await?;
        scenario.mount_error("intruder", &["password"]).await?;
        ensure!(scenario.read("app", "/secrets/password").await? == canary);
        let rotated = format!("{canary}-2");
        scenario.set("db-password", &rotated)?;
        scenario.holds("app", "/secrets/password", &rotated).await?;

        let mut found = logs_and_metrics(&scenario).await?;
        found.extend(objects(&scenario).await?);
        let audit = audit_files(&scenario).await?;
        ensure!(
            audit.contains("SecretGet") && audit.contains("db-password"),
            "the audit log has no record of the read"
        );
        found.push(("audit".to_owned(), audit.into_bytes()));
        let etcd = etcd_files(&scenario)?;
        // What every object of the test is in, so that files which hold nothing are noticed.
        let marker = scenario.app.name.as_bytes();
        ensure!(
            etcd.iter().any(|(_, bytes)| holds(bytes, marker)),
            "etcd's files do not even hold the test's namespace"
        );
        found.extend(etcd);
        for spelling in spellings(&canary) {
            for (place, bytes) in &found {
                ensure!(!holds(bytes, &spelling), "{place} holds the value");
            }
        }
        Ok(())
    })
    .await
}

/// A value in plain, in hexadecimal, and in base64 wherever it begins in a group of three bytes.
fn spellings(value: &str) -> Vec<Vec<u8>> {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    let mut all = vec![value.to_owned(), hex::encode(value), hex::encode_upper(value)];
    for skipped in 0..3 {
        // Whole groups of the value alone are the same whatever stands around them.
        let whole = (value.len() - skipped) / 3 * 3;
        all.push(STANDARD_NO_PAD.encode(&value[skipped..skipped + whole]));
    }
    all.into_iter().map(String::into_bytes).collect()
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

type Found = Vec<(String, Vec<u8>)>;

async fn logs_and_metrics(scenario: &Scenario) -> Result<Found> {
    let client = scenario.client();
    let mut found = Vec::new();
    for namespace in [NAMESPACE, NODE_NAMESPACE, &scenario.vault.name] {
        let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
        for pod in lasting(&api, "").await? {
            let name = pod.metadata.name.clone().unwrap_or_default();
            let log = api.logs(&name, &kube::api::LogParams::default()).await?;
            found.push((format!("the log of {name}"), log.into_bytes()));
            let metrics = format!("/api/v1/namespaces/{namespace}/pods/{name}:9090/proxy/metrics");
            let text = client
                .request_text(http::Request::get(metrics).body(Vec::new())?)
                .await?;
            found.push((format!("the metrics of {name}"), text.into_bytes()));
        }
    }
    Ok(found)
}

async fn objects(scenario: &Scenario) -> Result<Found> {
    let mut found = Vec::new();
    let core = ["events", "configmaps", "secrets", "pods"].map(|kind| ("api/v1", kind));
    let ours = ["vaults", "accesspolicies", "secretrefs"].map(|kind| ("apis/strongroom.dev/v1alpha1", kind));
    for namespace in [&scenario.vault.name, &scenario.app.name] {
        for (group, kind) in core.into_iter().chain(ours) {
            let path = format!("/{group}/namespaces/{namespace}/{kind}");
            let request = http::Request::get(&path).body(Vec::new())?;
            let text = scenario.client().request_text(request).await?;
            found.push((path, text.into_bytes()));
        }
    }
    Ok(found)
}

/// Everything that etcd has written: its log of changes and its database, as they lie on the disk.
fn etcd_files(scenario: &Scenario) -> Result<Found> {
    let mut directories = vec![scenario.cluster.local()?.layout.root().join("etcd")];
    let mut found = Vec::new();
    while let Some(directory) = directories.pop() {
        let entries = fs::read_dir(&directory).with_context(|| format!("{}", directory.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else {
                found.push((path.display().to_string(), fs::read(&path)?));
            }
        }
    }
    Ok(found)
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
