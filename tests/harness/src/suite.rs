//! The whole run of tests by one command: clusters started, Strongroom installed, every program of tests run, the
//! clusters removed.
//!
//! Programs run in two lanes, each on a local cluster of its own, or in one on a cluster that somebody gives. A lane takes
//! one program after another from a queue that both share, and a failed one keeps no other from running. Each program
//! has a directory of its own for its temporary files, which it has to leave empty, and has to leave its lane's cluster
//! with the objects that it found. What failed and what was left is listed at the end, by program and test.

mod inventory;
mod lane;
mod order;
mod program;
mod queue;
mod report;
mod screen;
mod told;

use std::{env, path::PathBuf, sync::Arc};

use anyhow::{Context, Result, anyhow, bail};

use crate::{
    cargo, images,
    local::{self, Layout, Options, record::Record},
    tools::Store,
};

use lane::{Lane, Run};
pub use order::Order;
use program::Program;

/// What to run.
#[derive(Debug)]
pub struct Suite<'a> {
    /// The first local cluster, used unless `KUBECONFIG` names another.
    pub layout: &'a Layout,
    /// How local clusters are started.
    pub options: Options,
    /// How many lanes there are on local clusters, 1 or 2; by what is tested when nothing is said.
    pub lanes: Option<u8>,
    /// Whether the clusters stay after the tests.
    pub keep: bool,
    /// What the names of the tests to run contain; all when empty.
    pub filter: &'a str,
    /// Whether the tests run that are left out otherwise, and no others.
    pub ignored: bool,
    /// In which order.
    pub order: Order,
}

impl Suite<'_> {
    /// The second lane's cluster. A few tests chosen by name are not worth one.
    fn second(&self) -> Result<Option<Layout>> {
        let lanes = self.lanes.unwrap_or(if self.filter.is_empty() { 2 } else { 1 });
        (lanes > 1).then(|| self.layout.second()).transpose()
    }
}

/// Runs every test. The local clusters are removed at the end whatever happens, also when a person interrupts the run;
/// one that was up before stays.
///
/// # Errors
/// Something cannot be built or started, a test failed, or something was left over.
pub async fn run(suite: &Suite<'_>) -> Result<()> {
    let programs = build(suite)?;
    let store = Store::from_env()?;
    if let Some(kubeconfig) = env::var_os("KUBECONFIG").filter(|path| !path.is_empty()) {
        // Images on a cluster of someone else's are that someone's to load: docs/testing.md says how.
        let lane = Lane::given(&store, PathBuf::from(kubeconfig)).await?;
        return in_one_lane(suite, programs, &lane).await;
    }
    let second = suite.second()?;
    let mut own = Vec::new();
    for layout in second.iter().chain([suite.layout]) {
        if Record::load(layout)?.is_none() {
            own.push(layout);
        }
    }
    let outcome = tokio::select! {
        outcome = on_local_clusters(suite, programs, &store, second.as_ref()) => outcome,
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
    };
    if suite.keep {
        return outcome;
    }
    // Each is removed, also when another cannot be.
    let removed: Vec<Result<bool>> = own.into_iter().map(local::down::down).collect();
    removed
        .into_iter()
        .fold(outcome, |outcome, one| outcome.and(one.map(drop)))
}

/// Runs the tests that need no cluster.
///
/// # Errors
/// As [`run`].
pub async fn run_without_cluster(suite: &Suite<'_>) -> Result<()> {
    let mut programs = build(suite)?;
    programs.retain(|program| !program.needs_cluster());
    in_one_lane(suite, programs, &Lane::without_cluster()).await
}

fn build(suite: &Suite<'_>) -> Result<Vec<Program>> {
    let built = cargo::programs(cargo::command("test", cargo::PROFILE).arg("--no-run"))?;
    // Some tests start programs of other packages.
    cargo::programs(cargo::command("build", cargo::PROFILE).arg("--bins"))?;
    let mut programs = program::of_tests(built);
    suite.order.arrange(&mut programs);
    Ok(programs)
}

async fn in_one_lane(suite: &Suite<'_>, programs: Vec<Program>, lane: &Lane) -> Result<()> {
    let run = Run::begin(suite, programs, 1)?;
    let outcome = lane.work(&run).await;
    finish(&run, outcome)
}

/// The second lane's cluster is started while the first lane tests.
async fn on_local_clusters(
    suite: &Suite<'_>,
    programs: Vec<Program>,
    store: &Store,
    second: Option<&Layout>,
) -> Result<()> {
    let images = Arc::new(images::workspace(store, &[], "dev")?);
    let first = Lane::local(suite.layout, &suite.options, store, Arc::clone(&images)).await?;
    let Some(layout) = second else {
        return in_one_lane(suite, programs, &first).await;
    };
    let run = Run::begin(suite, programs, 2)?;
    let options = Options {
        api_port: 0,
        ..suite.options.clone()
    };
    let second = async {
        let lane = Lane::local(layout, &options, store, images).await;
        lane.context("the second lane's cluster")?.work(&run).await
    };
    let (one, two) = tokio::join!(first.work(&run), second);
    finish(&run, one.and(two))
}

/// Says how the run went. What kept a lane from working fails it, though the other lane ran every program.
fn finish(run: &Run<'_>, worked: Result<()>) -> Result<()> {
    let (failed, text) = run.report();
    eprintln!("{text}");
    worked?;
    if failed {
        bail!("tests failed");
    }
    Ok(())
}
