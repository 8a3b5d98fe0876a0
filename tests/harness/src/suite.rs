//! The whole run of tests: a cluster started, Strongroom installed, everything tested, the cluster removed, by one
//! command.
//!
//! Every call of Cargo selects the whole workspace: the features of shared dependencies then agree, and they are built
//! once.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    cluster, images,
    installation::{self, Installer},
    local::{self, Layout, Options, record::Record},
    progress::Step,
    tools::Store,
    workspace,
};

/// What to run.
#[derive(Debug)]
pub struct Suite<'a> {
    /// The local cluster, used unless `KUBECONFIG` names another.
    pub layout: &'a Layout,
    /// How that is started.
    pub options: Options,
    /// Whether it stays after the tests.
    pub keep: bool,
    /// What the names of the tests to run contain; all when empty.
    pub filter: &'a str,
}

/// Runs the suite. The local cluster is removed at the end whatever happens, unless it was up before.
pub async fn run(suite: &Suite<'_>) -> Result<()> {
    cargo(&["test", "--workspace", "--no-run"], None)?;
    cargo(&["build", "--workspace", "--bins"], None)?;
    let store = Store::from_env()?;
    if let Some(kubeconfig) = env::var_os("KUBECONFIG").filter(|path| !path.is_empty()) {
        // Images on a cluster of someone else's are that someone's to load: docs/testing.md says how.
        return install_and_test(&store, &PathBuf::from(kubeconfig), suite.filter).await;
    }
    let before = Record::load(suite.layout)?.is_some();
    let outcome = on_local_cluster(suite, &store).await;
    if !suite.keep && !before {
        local::down::down(suite.layout)?;
    }
    outcome
}

async fn on_local_cluster(suite: &Suite<'_>, store: &Store) -> Result<()> {
    local::up::up(suite.layout, &suite.options, store).await?;
    let record = Record::load(suite.layout)?.context("the cluster has no record")?;
    images::import(&record, &images::workspace(store, &[], "dev")?)?;
    install_and_test(store, &suite.layout.kubeconfig(), suite.filter).await
}

async fn install_and_test(store: &Store, kubeconfig: &Path, filter: &str) -> Result<()> {
    Installer::new(store, kubeconfig)?.install("dev", &[])?;
    installation::ready(&cluster::client(kubeconfig).await?).await?;
    let step = Step::begin("Testing");
    let mut words = vec!["test", "--workspace"];
    if !filter.is_empty() {
        words.push(filter);
    }
    cargo(&words, Some(kubeconfig))?;
    step.done();
    Ok(())
}

/// Runs Cargo in the profile of tests, with its output shown.
fn cargo(words: &[&str], kubeconfig: Option<&Path>) -> Result<()> {
    let (first, rest) = words.split_first().context("no command")?;
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.arg(first).args(["--profile", "ci"]).args(rest);
    command.current_dir(workspace::root()).stdin(Stdio::null());
    if let Some(kubeconfig) = kubeconfig {
        command.env("KUBECONFIG", kubeconfig);
    }
    let status = command.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("{} failed", words.join(" "));
    }
    Ok(())
}
