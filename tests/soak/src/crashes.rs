//! The engine's crash simulator over a long script: one of its own tests (`engine/tests/crash/long.rs`), which every other
//! run leaves out.
//!
//! It stays among the engine's tests, since it reaches into the engine; this starts it and reads its figures.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use strongroom_harness::{
    cargo::{self, PROFILE},
    progress::Step,
    workspace,
};

use crate::report::Report;

const TEST: &str = "long::a_long_script_of_a_seed_loses_nothing_wherever_it_stops_and_stops_again";

/// What a line of a figure begins with.
const FIGURE: &str = "figure: ";

/// How much is tried.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many commits of requests the script has.
    #[arg(long, default_value_t = 500)]
    pub commits: usize,
    /// Chooses the script, and what a torn disk holds.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Default for Args {
    fn default() -> Self {
        Self {
            commits: 500,
            seed: 1,
        }
    }
}

/// Builds the simulator and runs it.
pub async fn run(args: &Args) -> Result<Report> {
    let args = args.clone();
    tokio::task::spawn_blocking(move || blocking(&args)).await?
}

fn blocking(args: &Args) -> Result<Report> {
    let step = Step::begin(format!(
        "Stopping the disk at each write of {} commits, seed {}",
        args.commits, args.seed
    ));
    let built = cargo::programs(cargo::command("test", PROFILE).args(["--no-run", "--test", "crash"]))?;
    let engine = workspace::root().join("engine");
    let program = built
        .into_iter()
        .find(|artifact| artifact.is_test && artifact.package == engine);
    let program = program.context("cargo built no crash simulator")?;
    let report = simulate(&program.executable, args)?;
    step.done();
    Ok(report)
}

fn simulate(program: &Path, args: &Args) -> Result<Report> {
    let mut report = Report::new(format!("crash simulator, seed {}", args.seed));
    let mut child = Command::new(program)
        .args(["--ignored", "--exact", TEST, "--nocapture"])
        .env("STRONGROOM_SOAK_COMMITS", args.commits.to_string())
        .env("STRONGROOM_SOAK_SEED", args.seed.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().context("the simulator has no output")?;
    let mut ran = false;
    for line in BufReader::new(output).lines() {
        let line = line?;
        // The first one stands behind the name of the test.
        let figure = line
            .split_once(FIGURE)
            .and_then(|(_, figure)| figure.split_once(": "));
        match figure {
            Some((name, figure)) => report.row(name, figure),
            None => eprintln!("    {line}"),
        }
        ran |= line.contains("1 passed") || line.contains("1 failed");
    }
    let status = child.wait()?;
    ensure!(ran, "the simulator has no test {TEST}");
    if !status.success() {
        report.fault("a disk was recovered to something else than it must hold; the output above says what");
    }
    Ok(report)
}
