//! The program behind `make conformance`.

use std::{num::NonZero, path::PathBuf, process::ExitCode, thread};

use anyhow::{Result, anyhow, ensure};
use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use strongroom_conformance::{
    site::Site,
    suite::{Package, Run, Suite, audit_log_of},
    tables,
};
use strongroom_harness::{page, progress::Step};
use strongroom_testing::vault::{ALL, CERTIFICATES, KEYS};

/// Runs the tests of the Azure SDK for Python against a vault. Exits with 1 when one of them fails.
#[derive(Debug, Parser)]
#[command(name = "conformance", version)]
struct Cli {
    /// A package whose tests to run [default: every one].
    #[arg(long = "of", value_name = "PACKAGE")]
    packages: Vec<Package>,
    /// An api-version to run the tests at [default: every one that the client can send].
    #[arg(long = "at", value_name = "VERSION")]
    versions: Vec<String>,
    /// Runs the tests whose names contain this word.
    #[arg(long, default_value = "", value_name = "WORD")]
    only: String,
    /// How many versions to run at a time, each against a vault of its own [default: one for each processor].
    #[arg(long, value_name = "COUNT")]
    beside: Option<NonZero<usize>>,
    /// Also puts the tables into this page, between the markers of each package.
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
    let packages = if cli.packages.is_empty() {
        Package::ALL.to_vec()
    } else {
        cli.packages.clone()
    };
    let mut failed = 0;
    for package in packages {
        let runs = runs(&cli, package).await?;
        for run in &runs {
            for failure in run.failures() {
                eprintln!("\n{}\n{}", failure.name, failure.said);
            }
            if let Some(kept) = &run.audit_log {
                eprintln!("\n{} at {}: {}", package.word(), run.version, audit_log_of(kept));
            }
        }
        let text = tables::markdown(&runs);
        println!("## {}\n\n{text}\n", package.word());
        if let Some(path) = &cli.write {
            page::put(path, package.marker(), &text)?;
        }
        failed += runs.iter().map(|run| run.failures().count()).sum::<usize>();
    }
    ensure!(failed == 0, "{failed} tests failed");
    Ok(())
}

/// The tests of one package, at each version that was asked for.
async fn runs(cli: &Cli, package: Package) -> Result<Vec<Run>> {
    let suite = Suite::installed(package)?;
    let versions = if cli.versions.is_empty() {
        suite.versions()?
    } else {
        cli.versions.clone()
    };
    let beside = match cli.beside {
        Some(count) => count,
        None => thread::available_parallelism()?,
    };
    let step = Step::begin(format!(
        "The tests of the Azure SDK for Python of {}",
        package.word()
    ));
    let runs = versions.iter().map(|version| at(&suite, version, &cli.only));
    // In the order of the versions, whichever ends first.
    let runs = stream::iter(runs).buffered(beside.get()).try_collect().await?;
    step.done();
    Ok(runs)
}

/// The tests at one version, against a new vault.
async fn at(suite: &Suite, version: &str, only: &str) -> Result<Run> {
    let vault = Site::start(&[ALL, KEYS, CERTIFICATES].concat()).await?;
    let run = suite.run(&vault, version, only).await?;
    eprintln!("    {}", tables::row(&run));
    Ok(run)
}
