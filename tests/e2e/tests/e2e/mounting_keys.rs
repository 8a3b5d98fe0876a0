//! A pod reads the public part of a key as files, and the files follow its rotation.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use strongroom_client::vault::NewKey;
use strongroom_core::ObjectName;
use strongroom_e2e::scenario::Scenario;
use strongroom_harness::{cluster::pods, command};

/// Lets account `admin` do everything with keys, and `api` get the key `tokens`.
async fn permit(scenario: &Scenario) -> Result<()> {
    let (admin, api) = ([scenario.account("admin")], [scenario.account("api")]);
    let everything = json!({"role": "KeyVaultCryptoOfficer"});
    scenario
        .policy("admin-keys", "Allow", &admin, &["*"], &everything)
        .await?;
    let read = json!({"permissions": {"keys": ["get"]}});
    scenario
        .policy("api-reads-tokens", "Allow", &api, &["tokens"], &read)
        .await?;
    scenario.enforced("admin-keys").await?;
    scenario.enforced("api-reads-tokens").await
}

/// Applies a SecretRef `tokens` of account `api` with these files.
async fn secret_ref(scenario: &Scenario, files: &Value) -> Result<()> {
    let object = json!({
        "apiVersion": "strongroom.dev/v1alpha1", "kind": "SecretRef", "metadata": {"name": "tokens"},
        "spec": {
            "vaultRef": {"name": "prod", "namespace": scenario.vault.name},
            "serviceAccountName": "api", "files": files,
        },
    });
    scenario.apply(&scenario.app.name, &object).await
}

fn elliptic() -> NewKey {
    NewKey {
        kty: "EC".to_owned(),
        curve: Some("P-256".to_owned()),
        ..NewKey::default()
    }
}

fn symmetric() -> NewKey {
    NewKey {
        kty: "oct".to_owned(),
        key_size: Some(256),
        ..NewKey::default()
    }
}

/// The point of the EC key in a PEM file, as the openssl program here reads it.
fn point_by_openssl(pem: &str) -> Result<Vec<u8>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("public.pem");
    std::fs::write(&path, pem)?;
    let mut openssl = Command::new("openssl");
    openssl
        .args(["pkey", "-pubin", "-outform", "DER", "-in"])
        .arg(&path);
    let der = command::output(&mut openssl)?;
    let start = der.len().checked_sub(64).context("it is too short")?;
    Ok(der[start..].to_vec())
}

fn point(jwk: &Value) -> Result<Vec<u8>> {
    let coordinate = |member: &str| {
        let text = jwk[member].as_str().context("it has no such coordinate")?;
        anyhow::Ok(BASE64_URL_SAFE_NO_PAD.decode(text)?)
    };
    Ok([coordinate("x")?, coordinate("y")?].concat())
}

#[tokio::test]
async fn a_pod_reads_a_key_as_pem_and_as_jwk_and_both_follow_a_rotation_within_a_second() -> Result<()> {
    Scenario::start("keys")
        .await?
        .run(async |scenario| {
            permit(scenario).await?;
            // A vault token lives for minutes, and the pod may take some to start.
            let (vault, token) = scenario.session("admin").await?;
            let name: ObjectName = "tokens".parse()?;
            let first = vault.create_key(&token, &name, &elliptic()).await?;
            let first = serde_json::to_value(&first.key)?;
            let files = json!([
                {"path": "tokens.pem", "key": {"name": "tokens"}},
                {"path": "tokens.jwk", "key": {"name": "tokens", "encoding": "JWK"}},
            ]);
            secret_ref(scenario, &files).await?;
            scenario.ref_is("tokens", "True").await?;
            scenario.pod("app", "api", "tokens").await?;
            scenario.running("app").await?;
            let shown: Value = serde_json::from_str(&scenario.read("app", "/secrets/tokens.jwk").await?)?;
            ensure!(shown == first, "{shown}\n{first}");
            let pem = scenario.read("app", "/secrets/tokens.pem").await?;
            ensure!(point_by_openssl(&pem)? == point(&first)?, "{pem}");

            // What the pod itself sees, without the test's own round trips: its shell watches the file.
            let kid = first["kid"].as_str().context("it has no kid")?;
            let version = kid.rsplit('/').next().unwrap_or_default();
            let watch = format!("while grep -q {version} /secrets/tokens.jwk; do usleep 5000; done");
            let client = scenario.client();
            let namespace = scenario.app.name.clone();
            let seen = tokio::spawn(async move {
                let waited = pods::check(&client, &namespace, "app", &["/bin/sh", "-c", &watch]).await;
                waited.map(|_| Instant::now())
            });
            tokio::time::sleep(Duration::from_millis(500)).await;
            let (vault, token) = scenario.session("admin").await?;
            let second = vault.rotate_key(&token, &name).await?;
            let rotated = Instant::now();
            let lag = seen.await??.saturating_duration_since(rotated);
            let second = serde_json::to_value(&second.key)?;
            let shown: Value = serde_json::from_str(&scenario.read("app", "/secrets/tokens.jwk").await?)?;
            ensure!(shown == second && shown["x"] != first["x"], "{shown}\n{second}");
            let pem = scenario.read("app", "/secrets/tokens.pem").await?;
            ensure!(point_by_openssl(&pem)? == point(&second)?, "{pem}");
            ensure!(
                lag < Duration::from_secs(1),
                "the file changed {lag:?} after the vault had answered"
            );
            Ok(())
        })
        .await
}

#[tokio::test]
async fn a_pod_that_asks_for_a_symmetric_key_or_may_read_secrets_alone_is_told_so() -> Result<()> {
    Scenario::start("nokeys")
        .await?
        .run(async |scenario| {
            permit(scenario).await?;
            let (vault, token) = scenario.session("admin").await?;
            let name: ObjectName = "tokens".parse()?;
            vault.create_key(&token, &name, &symmetric()).await?;
            secret_ref(
                scenario,
                &json!([{"path": "tokens.pem", "key": {"name": "tokens"}}]),
            )
            .await?;
            scenario.pod("app", "api", "tokens").await?;
            let words = ["key tokens", "it is a symmetric key, which has no public part"];
            scenario.mount_error("app", &words).await?;

            // A key whose name is that of a secret that the account may read.
            scenario.set("db-password", "value")?;
            let name: ObjectName = "db-password".parse()?;
            vault.create_key(&token, &name, &elliptic()).await?;
            secret_ref(
                scenario,
                &json!([{"path": "a.pem", "key": {"name": "db-password"}}]),
            )
            .await?;
            let (reason, message) = scenario.ref_is("tokens", "False").await?;
            ensure!(reason == "NotPermitted", "{reason}: {message}");
            Ok(())
        })
        .await
}
