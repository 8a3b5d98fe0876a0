//! The unmodified az command line, with the cloud that `strongroom az-cloud` prints: every command for secrets, and in
//! [`super::az_keys`] for keys.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use strongroom_e2e::{
    examples,
    scenario::Scenario,
    sdk::{self, Tool},
};
use strongroom_harness::{cluster::pods, workspace};

use super::az_keys;

/// Where the pod has the program of this workspace.
const STRONGROOM: &str = "/programs/strongroom";

#[tokio::test]
async fn az_does_with_secrets_and_keys_what_it_does_in_azure() -> Result<()> {
    Scenario::start("az")
        .await?
        .run(async |scenario| {
            scenario.cluster.local()?;
            sdk::give_access(scenario).await?;
            let (sdk, officer) = (
                [scenario.account("sdk")],
                json!({"role": "KeyVaultCryptoOfficer"}),
            );
            scenario
                .policy("keys", "Allow", &sdk, &["sdk-*"], &officer)
                .await?;
            // Random bytes are about no key.
            let random = json!({"permissions": {"keys": ["encrypt"]}});
            scenario.policy("random", "Allow", &sdk, &["*"], &random).await?;
            for policy in ["keys", "random"] {
                scenario.enforced(policy).await?;
            }
            let az = Az::start(scenario).await?;
            az.write_and_read().await?;
            az.delete_and_recover().await?;
            az.purge_and_restore().await?;
            az_keys::does_with_keys_what_it_does_in_azure(&az).await
        })
        .await
}

/// A pod where az is logged in.
pub struct Az<'a> {
    scenario: &'a Scenario,
    path: String,
}

impl<'a> Az<'a> {
    /// Starts the pod of docs/sdk/az.md, and logs in with the lines of that page.
    pub async fn start(scenario: &'a Scenario) -> Result<Self> {
        let tool = Tool::installed("azure-cli")?;
        let mut pod = sdk::pod(scenario, "az")?;
        sdk::run_from_machine(&mut pod, &tool, &["/bin/sleep", "2147483647"])?;
        let program = workspace::program("strongroom")?;
        sdk::mount_from_machine(&mut pod, "strongroom", &program, STRONGROOM.as_ref())?;
        scenario.apply(&scenario.app.name, &pod).await?;
        scenario.running("sdk-az").await?;
        let az = Self {
            scenario,
            path: format!("{}:/programs:/bin:/usr/bin", tool.dir.join("bin").display()),
        };
        az.shell(&examples::text(scenario, "sdk/az/login.sh")?, &[])
            .await?;
        Ok(az)
    }

    /// The vault's host.
    pub fn host(&self) -> String {
        format!("prod.{}.svc", self.scenario.vault.name)
    }

    /// Runs a script in the pod.
    pub async fn shell(&self, script: &str, arguments: &[&str]) -> Result<String> {
        let script = format!("set -eu; export PATH='{}'\n{script}", self.path);
        let mut command = vec!["/bin/sh", "-c", &script, "sh"];
        command.extend(arguments);
        pods::check(
            &self.scenario.client(),
            &self.scenario.app.name,
            "sdk-az",
            &command,
        )
        .await
    }

    /// `az keyvault secret WORDS` on the vault; gives what it prints.
    async fn secret(&self, words: &[&str]) -> Result<Value> {
        let mut arguments = words.to_vec();
        arguments.extend(["--vault-name", "prod"]);
        self.keyvault("secret", &arguments).await
    }

    /// `az keyvault KIND WORDS`; gives what it prints.
    pub async fn keyvault(&self, kind: &str, words: &[&str]) -> Result<Value> {
        let arguments = [&[kind], words, &["--output", "json"]].concat();
        let said = self.shell("exec az keyvault \"$@\"", &arguments).await?;
        if said.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&said).with_context(|| format!("{words:?} printed {said}"))
    }

    /// The names in the list that a command prints.
    async fn names(&self, command: &str) -> Result<Vec<Value>> {
        let list = self.secret(&[command]).await?;
        let list = list.as_array().context("it prints no list")?;
        Ok(list.iter().map(|one| one["name"].clone()).collect())
    }

    async fn write_and_read(&self) -> Result<()> {
        let first = self
            .secret(&["set", "--name", "sdk-az", "--value", "one"])
            .await?;
        let second = self
            .secret(&["set", "--name", "sdk-az", "--value", "two"])
            .await?;
        let id = first["id"].as_str().context("it has no id")?;
        ensure!(id.starts_with(&format!(
            "https://prod.{}.svc/secrets/sdk-az/",
            self.scenario.vault.name
        )));
        ensure!(self.secret(&["show", "--name", "sdk-az"]).await?["value"] == "two");
        let version = id.rsplit('/').next().context("it has no version")?;
        let old = self
            .secret(&["show", "--name", "sdk-az", "--version", version])
            .await?;
        ensure!(old["value"] == "one", "{old}");
        ensure!(self.names("list").await? == [json!("sdk-az")]);
        let versions = self.secret(&["list-versions", "--name", "sdk-az"]).await?;
        let ids: Vec<&Value> = versions
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| &one["id"])
            .collect();
        ensure!(
            ids.len() == 2 && ids.contains(&&first["id"]) && ids.contains(&&second["id"]),
            "{versions}"
        );
        self.secret(&[
            "set-attributes",
            "--name",
            "sdk-az",
            "--content-type",
            "text/plain",
        ])
        .await?;
        ensure!(self.secret(&["show", "--name", "sdk-az"]).await?["contentType"] == "text/plain");
        self.secret(&["download", "--name", "sdk-az", "--file", "/az/value"])
            .await?;
        ensure!(self.shell("cat /az/value", &[]).await? == "two");
        self.secret(&["backup", "--name", "sdk-az", "--file", "/az/backup"])
            .await
            .map(drop)
    }

    async fn delete_and_recover(&self) -> Result<()> {
        self.secret(&["delete", "--name", "sdk-az"]).await?;
        ensure!(self.names("list").await?.is_empty());
        ensure!(self.names("list-deleted").await? == [json!("sdk-az")]);
        let deleted = self.secret(&["show-deleted", "--name", "sdk-az"]).await?;
        ensure!(deleted["scheduledPurgeDate"].is_string(), "{deleted}");
        self.secret(&["recover", "--name", "sdk-az"]).await?;
        ensure!(self.secret(&["show", "--name", "sdk-az"]).await?["value"] == "two");
        Ok(())
    }

    async fn purge_and_restore(&self) -> Result<()> {
        self.secret(&["delete", "--name", "sdk-az"]).await?;
        self.secret(&["purge", "--name", "sdk-az"]).await?;
        ensure!(self.names("list-deleted").await?.is_empty());
        self.secret(&["restore", "--file", "/az/backup"]).await?;
        ensure!(self.secret(&["show", "--name", "sdk-az"]).await?["value"] == "two");
        Ok(())
    }
}
