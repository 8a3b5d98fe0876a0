//! The whole run of tests by one command: a cluster started, Strongroom installed, every program of tests run, the
//! cluster removed.
//!
//! One program runs after another, and a failed one keeps no other from running. Each has a directory of its own for its
//! temporary files, which it has to leave empty, and has to leave the local cluster with the objects that it found. What
//! failed and what was left is listed at the end, by program and test.

mod inventory;
mod order;
mod program;
mod report;

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use kube::Client;

use crate::{
    cargo, cluster, images,
    installation::{self, Installer},
    local::{self, Layout, Options, record::Record},
    tools::Store,
};

pub use order::Order;
use program::{Outcome, Program, Setting};

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
    /// In which order.
    pub order: Order,
}

/// Runs every test. The local cluster is removed at the end whatever happens, unless it was up before.
///
/// # Errors
/// Something cannot be built or started, a test failed, or something was left over.
pub async fn run(suite: &Suite<'_>) -> Result<()> {
    let programs = build(suite)?;
    let store = Store::from_env()?;
    if let Some(kubeconfig) = env::var_os("KUBECONFIG").filter(|path| !path.is_empty()) {
        // Images on a cluster of someone else's are that someone's to load: docs/testing.md says how.
        let kubeconfig = PathBuf::from(kubeconfig);
        install(&store, &kubeconfig).await?;
        return test(suite, &programs, Some(&kubeconfig), None).await;
    }
    let before = Record::load(suite.layout)?.is_some();
    let outcome = on_local_cluster(suite, &programs, &store).await;
    if !suite.keep && !before {
        local::down::down(suite.layout)?;
    }
    outcome
}

/// Runs the tests that need no cluster.
///
/// # Errors
/// As [`run`].
pub async fn run_without_cluster(suite: &Suite<'_>) -> Result<()> {
    let mut programs = build(suite)?;
    programs.retain(|program| !program.needs_cluster());
    test(suite, &programs, None, None).await
}

fn build(suite: &Suite<'_>) -> Result<Vec<Program>> {
    let built = cargo::programs(cargo::command("test", cargo::PROFILE).arg("--no-run"))?;
    // Some tests start programs of other packages.
    cargo::programs(cargo::command("build", cargo::PROFILE).arg("--bins"))?;
    let mut programs = program::of_tests(built);
    suite.order.arrange(&mut programs);
    Ok(programs)
}

async fn on_local_cluster(suite: &Suite<'_>, programs: &[Program], store: &Store) -> Result<()> {
    local::up::up(suite.layout, &suite.options, store).await?;
    let record = Record::load(suite.layout)?.context("the cluster has no record")?;
    images::import(&record, &images::workspace(store, &[], "dev")?)?;
    let kubeconfig = suite.layout.kubeconfig();
    install(store, &kubeconfig).await?;
    let client = cluster::client(&kubeconfig).await?;
    test(suite, programs, Some(&kubeconfig), Some(&client)).await
}

async fn install(store: &Store, kubeconfig: &Path) -> Result<()> {
    Installer::new(store, kubeconfig)?.install("dev", &[])?;
    installation::ready(&cluster::client(kubeconfig).await?).await
}

/// Runs the programs, and watches what they leave on the cluster of `client`.
async fn test(
    suite: &Suite<'_>,
    programs: &[Program],
    kubeconfig: Option<&Path>,
    client: Option<&Client>,
) -> Result<()> {
    let begun = std::time::Instant::now();
    eprintln!("==> Testing: {} programs, {}", programs.len(), suite.order);
    let temporary = tempfile::Builder::new().prefix("strongroom-").tempdir()?;
    let mut outcomes = Vec::new();
    for (number, program) in programs.iter().enumerate() {
        let before = objects(client).await?;
        let setting = Setting {
            temporary: temporary.path().join(number.to_string()),
            kubeconfig,
            filter: suite.filter,
            seed: suite.order.seed(),
        };
        let mut outcome = program.run(&setting)?;
        outcome.left.extend(inventory::left(client, &before).await?);
        outcomes.push(outcome);
    }
    outcomes.push(documentation(suite, &temporary.path().join("doc"))?);
    let (failed, text) = report::of(&outcomes, begun.elapsed(), suite.order);
    eprintln!("{text}");
    if failed {
        bail!("tests failed");
    }
    Ok(())
}

async fn objects(client: Option<&Client>) -> Result<inventory::Objects> {
    match client {
        Some(client) => inventory::objects(client).await,
        None => Ok(inventory::Objects::new()),
    }
}

/// The examples in the documentation of every crate, which only Cargo can run.
fn documentation(suite: &Suite<'_>, temporary: &Path) -> Result<Outcome> {
    let mut words = vec!["--doc", "--no-fail-fast"];
    if !suite.filter.is_empty() {
        words.push(suite.filter);
    }
    let mut command = cargo::command("test", cargo::PROFILE);
    program::watch("examples in documentation", command.args(words), temporary)
}
