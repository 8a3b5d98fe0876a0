//! What `strongroom` says to those who own an installation, a vault or an app, on a cluster: each command once, as its owner.

use std::{
    fs,
    process::{Command, Output},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use strongroom_e2e::scenario::Scenario;
use strongroom_harness::workspace;

/// The program with the kubeconfig of the cluster, which speaks for whoever installed it.
fn strongroom(scenario: &Scenario, words: &[&str]) -> Result<Output> {
    let mut command = Command::new(workspace::program("strongroom")?);
    command.args(words);
    if let Ok(local) = scenario.cluster.local() {
        command.env("KUBECONFIG", local.layout.kubeconfig());
    }
    command.output().context("cannot start strongroom")
}

/// What a command prints that comes to its end.
fn said(scenario: &Scenario, words: &[&str]) -> Result<String> {
    let output = strongroom(scenario, words)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{words:?}: {}\n{said}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(said)
}

/// The document that a command prints.
fn document(scenario: &Scenario, words: &[&str]) -> Result<Value> {
    let words = [words, &["-o", "json"]].concat();
    Ok(serde_json::from_str(&said(scenario, &words)?)?)
}

#[tokio::test]
async fn the_commands_of_owners_say_what_is_there_and_open_a_vault_for_a_program_of_this_machine()
-> Result<()> {
    Scenario::start("owners")
        .await?
        .run(async |scenario| {
            scenario.set("db-password", "first")?;
            scenario.secret_ref("db", &[("password", "db-password")]).await?;
            scenario.pod("app", "api", "db").await?;
            scenario.running("app").await?;
            let vault = format!("{}/prod", scenario.vault.name);
            let pod = format!("{}/app", scenario.app.name);
            installation(scenario, &vault)?;
            walks(scenario, &vault, &pod)?;
            door(scenario, &vault)?;
            bundle(scenario)
        })
        .await
}

/// The installation and its vaults.
fn installation(scenario: &Scenario, vault: &str) -> Result<()> {
    let version = document(scenario, &["version"])?;
    ensure!(version["kind"] == "Version", "{version}");
    let list = said(scenario, &["vault", "list", "-n", &scenario.vault.name])?;
    ensure!(list.contains("prod"), "{list}");
    let status = said(scenario, &["vault", "status", vault])?;
    ensure!(status.contains("prod"), "{status}");
    let check = strongroom(scenario, &["check"])?;
    let text = String::from_utf8_lossy(&check.stdout);
    // The cluster of the tests has other vaults, which may be broken on purpose.
    ensure!(matches!(check.status.code(), Some(0 | 1)), "{text}");
    ensure!(text.contains("CSIDriver"), "{text}");
    let before = strongroom(scenario, &["check", "--pre"])?;
    let text = String::from_utf8_lossy(&before.stdout);
    ensure!(text.contains("Kubernetes"), "{text}");
    Ok(())
}

/// The walks from a pod to its secrets: of one that reads them, and of one that nothing allows to.
fn walks(scenario: &Scenario, vault: &str, pod: &str) -> Result<()> {
    let walk = said(scenario, &["debug", "pod", pod])?;
    ensure!(
        walk.contains("✓ policy db-password") && !walk.contains('✗'),
        "{walk}"
    );
    let reference = format!("{}/db", scenario.app.name);
    let walk = said(scenario, &["debug", "ref", &reference])?;
    ensure!(!walk.contains('✗'), "{walk}");
    let walk = said(scenario, &["debug", "vault", vault])?;
    ensure!(!walk.contains('✗'), "{walk}");
    let missing = format!("{}/nobody", scenario.app.name);
    let refused = strongroom(scenario, &["debug", "pod", &missing])?;
    ensure!(refused.status.code() == Some(1), "{refused:?}");
    Ok(())
}

/// A program of this machine uses the vault through the API server, with every verification on.
fn door(scenario: &Scenario, vault: &str) -> Result<()> {
    let program = workspace::program("strongroom")?;
    let account = format!("{}/admin", scenario.app.name);
    let words = [
        "vault",
        "open",
        vault,
        "--service-account",
        &account,
        "--",
        &program.to_string_lossy(),
        "secret",
        "get",
        "db-password",
    ];
    let value = said(scenario, &words)?;
    ensure!(value.trim_end() == "first", "{value}");
    Ok(())
}

/// The bundle for support holds no value and no token.
fn bundle(scenario: &Scenario) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("report.tar");
    let file = path.to_string_lossy().into_owned();
    let words = ["report", "-n", &scenario.vault.name, "--to-file", &file, "--yes"];
    said(scenario, &words)?;
    let bytes = fs::read(&path)?;
    let has = |wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    ensure!(has(b"vaults.json") && has(b"\"prod\""), "the vault is not in it");
    ensure!(!has(b"first") && !has(b"eyJhbGciOi"));
    Ok(())
}
