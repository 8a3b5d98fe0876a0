//! A vault's volume and seal key are the vault, wherever they are brought: by the steps of `docs/install.md`.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use strongroom_e2e::{
    exclusive,
    scenario::{self, Scenario},
};
use strongroom_harness::{
    cluster::{self, pods::SHELL_IMAGE},
    command,
    images::IMAGES,
    installation::{self, Installer},
    local::{
        Layout,
        config::CONTAINERD_SOCKET,
        enter::{self, Share},
        load,
        network::node_name,
        record::Record,
    },
    testbed::{Cluster, Local, namespace},
    tools::Store,
    workspace,
};

use crate::{installation_id, path_with_tools};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_volume_and_its_seal_key_restored_into_a_new_cluster_serve_their_values() -> Result<()> {
    let _turn = exclusive::turn().await;
    let begun = Instant::now();
    let cluster = Cluster::connect().await?;
    let local = cluster.local()?.clone();
    let other = tokio::task::spawn_blocking(move || Other::start(&local));
    let outcome = prepare(cluster).await?.run(async |here| {
        let files = tempfile::tempdir()?;
        let filled = fill(here).await;
        // Whatever happens here, the other cluster is started to its end before it is removed.
        let other = other.await??;
        filled?;
        steps("backup", &here.cluster, files.path())?;
        restored(here, &other, files.path()).await
    });
    let outcome = outcome.await;
    eprintln!("restore took {:?} with both clusters", begun.elapsed());
    outcome
}

/// The namespaces of the documentation.
async fn prepare(cluster: Cluster) -> Result<Scenario> {
    let app = cluster.exact_namespace("team-a-app").await?;
    let vault = match cluster.exact_namespace("team-a").await {
        Ok(vault) => vault,
        Err(error) => return namespace::end(&[&app], Err(error)).await,
    };
    Ok(Scenario { cluster, vault, app })
}

async fn accounts(scenario: &Scenario) -> Result<()> {
    for account in ["api", "admin", "stranger"] {
        let object = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}});
        scenario.apply(&scenario.app.name, &object).await?;
    }
    Ok(())
}

/// A vault with policies, and values of which one has two versions.
async fn fill(here: &Scenario) -> Result<()> {
    accounts(here).await?;
    here.enable(&here.vault.name).await?;
    here.apply(&here.vault.name, &scenario::vault(&json!({}))).await?;
    let (admin, api) = ([here.account("admin")], [here.account("api")]);
    let everything = json!({"role": "KeyVaultSecretsOfficer"});
    here.policy("admin", "Allow", &admin, &["*"], &everything).await?;
    let read = json!({"permissions": {"secrets": ["get"]}});
    here.policy("api-reads-db", "Allow", &api, &["db-*"], &read)
        .await?;
    here.vault_ready().await?;
    here.enforced("admin").await?;
    here.set("db-password", "first")?;
    here.set("db-password", "second")?;
    here.set("other", "not for the api")
}

/// The vault of before, in the other cluster.
async fn restored(here: &Scenario, other: &Other, files: &Path) -> Result<()> {
    let cluster = Cluster::connect_local(&other.0).await?;
    let (id, elsewhere) = (
        installation_id(&here.client()).await?,
        installation_id(&cluster.client()).await?,
    );
    ensure!(id != elsewhere, "both clusters have the installation {id}");
    let app = cluster.exact_namespace("team-a-app").await?;
    let vault = here.vault.clone();
    let there = Scenario { cluster, vault, app };
    accounts(&there).await?;
    steps("restore", &there.cluster, files)?;
    there.enforced("api-reads-db").await?;
    there.enforced("admin").await?;
    serves(&there)?;
    there.secret_ref("db", &[("password", "db-password")]).await?;
    there.pod("app", "api", "db").await?;
    there.running("app").await?;
    there.set("db-password", "third")?;
    there.holds("app", "/secrets/password", "third").await?;
    // The vault that was copied goes on too.
    here.vault_ready().await?;
    here.enforced("api-reads-db").await?;
    serves(here)
}

/// Checks that the vault gives the earlier values to the accounts that may read them, and to no other.
fn serves(scenario: &Scenario) -> Result<()> {
    let get = |account, secret| scenario.cli(account, &["secret", "get", secret], "");
    ensure!(get("api", "db-password")? == "second");
    ensure!(get("admin", "other")? == "not for the api");
    ensure!(get("api", "other").is_err() && get("stranger", "db-password").is_err());
    Ok(())
}

/// Runs the block of `docs/install.md` that follows `<!-- NAME -->`, in a directory of its own.
fn steps(name: &str, cluster: &Cluster, directory: &Path) -> Result<()> {
    let text = fs::read_to_string(workspace::root().join("docs/install.md"))?;
    let (_, rest) = text
        .split_once(&format!("<!-- {name} -->\n```sh\n"))
        .with_context(|| format!("docs/install.md has no steps called {name}"))?;
    let (script, _) = rest.split_once("```").context("the steps have no end")?;
    let examples = directory.join("examples");
    if !examples.exists() {
        std::os::unix::fs::symlink(workspace::root().join("examples"), &examples)?;
    }
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", script]);
    shell.current_dir(directory).env("IMAGE", SHELL_IMAGE);
    for (name, value) in path_with_tools(cluster)? {
        shell.env(name, value);
    }
    command::output(&mut shell).map(drop)
}

/// A second cluster with an installation of its own, removed at the end whatever happens.
struct Other(Layout);

impl Other {
    fn start(from: &Local) -> Result<Self> {
        let other = Self(Layout::from_env(&format!("{}-other", from.layout.name()))?);
        // An aborted run may have left it.
        other.harness(&["down"])?;
        other.harness(&["up", "--volumes", "4", "--small-volumes", "0"])?;
        let record = Record::load(&other.0)?.context("the other cluster has no record")?;
        for image in IMAGES.iter().filter(|image| PARTS.contains(&image.name)) {
            let reference = format!("docker.io/{}", image.reference(Some("dev")));
            let mut export = enter::command(&from.record, &node_name(0), Share::Everything)?;
            export.args(["ctr", "--address", CONTAINERD_SOCKET, "--namespace", "k8s.io"]);
            export.args(["images", "export", "-", &reference]);
            load::import_bytes(&record, &reference, &command::output(&mut export)?)?;
        }
        Installer::new(&Store::from_env()?, &other.0.kubeconfig())?.install("dev", &[])?;
        tokio::runtime::Handle::current().block_on(async {
            let client = cluster::client(&other.0.kubeconfig()).await?;
            installation::ready(&client).await
        })?;
        Ok(other)
    }

    fn harness(&self, words: &[&str]) -> Result<()> {
        let mut command = Command::new(workspace::program("harness")?);
        command.args(words).args(["--name", self.0.name()]);
        command.env_remove("KUBECONFIG").stdin(Stdio::null());
        command::output(&mut command).map(drop)
    }
}

/// The images that the chart needs.
const PARTS: [&str; 4] = [
    "strongroom/vault",
    "strongroom/operator",
    "strongroom/identity",
    "strongroom/csi",
];

impl Drop for Other {
    fn drop(&mut self) {
        if let Err(error) = self.harness(&["down"]) {
            eprintln!("the other cluster is not removed: {error:#}");
        }
    }
}
