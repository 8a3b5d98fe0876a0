//! The program behind `make conformance`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, anyhow, ensure};
use clap::Parser;
use strongroom_conformance::{
    site::Site,
    suite::{Run, Suite},
    tables,
};
use strongroom_harness::{page, progress::Step};
use strongroom_testing::vault::ALL;

/// Runs the tests of the Azure SDK for Python against a vault. Exits with 1 when one of them fails.
#[derive(Debug, Parser)]
#[command(name = "conformance", version)]
struct Cli {
    /// An api-version to run the tests at [default: every one that the client can send].
    #[arg(long = "at", value_name = "VERSION")]
    versions: Vec<String>,
    /// Runs the tests whose names contain this word.
    #[arg(long, default_value = "", value_name = "WORD")]
    only: String,
    /// Also puts the tables into this page, between the markers.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["versions", "only"])]
    write: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = tokio::select! {
        outcome = run(Cli::parse()) => outcome,
        // What was started ends with its owner, which is dropped here.
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("conformance: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<()> {
    let suite = Suite::installed()?;
    let versions = if cli.versions.is_empty() {
        suite.versions()?
    } else {
        cli.versions
    };
    let vault = Site::start(ALL).await?;
    let mut runs = Vec::new();
    for version in &versions {
        let step = Step::begin(format!("The tests of the Azure SDK for Python at {version}"));
        runs.push(suite.run(&vault, version, &cli.only).await?);
        step.done();
    }
    for failure in runs.iter().flat_map(Run::failures) {
        eprintln!("\n{}\n{}", failure.name, failure.said);
    }
    let text = tables::markdown(&runs);
    println!("{text}");
    if let Some(path) = &cli.write {
        page::put(path, tables::MARKER, &text)?;
    }
    let failed: usize = runs.iter().map(|run| run.failures().count()).sum();
    ensure!(failed == 0, "{failed} tests failed");
    Ok(())
}
