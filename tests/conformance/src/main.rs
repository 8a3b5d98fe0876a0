//! The program behind `make conformance`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, anyhow, ensure};
use clap::Parser;
use strongroom_conformance::{
    site::Site,
    suite::{Package, Run, Suite},
    tables,
};
use strongroom_harness::{page, progress::Step};
use strongroom_testing::vault::{ALL, KEYS};

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
    /// Also puts the tables into this page, between the markers.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["packages", "versions", "only"])]
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
    let vault = Site::start(&[ALL, KEYS].concat()).await?;
    let mut failed = 0;
    for package in packages {
        let runs = runs(&cli, package, &vault).await?;
        for failure in runs.iter().flat_map(Run::failures) {
            eprintln!("\n{}\n{}", failure.name, failure.said);
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
async fn runs(cli: &Cli, package: Package, vault: &Site) -> Result<Vec<Run>> {
    let suite = Suite::installed(package)?;
    let versions = if cli.versions.is_empty() {
        suite.versions()?
    } else {
        cli.versions.clone()
    };
    let mut runs = Vec::new();
    for version in &versions {
        let word = package.word();
        let step = Step::begin(format!(
            "The tests of the Azure SDK for Python of {word} at {version}"
        ));
        runs.push(suite.run(vault, version, &cli.only).await?);
        step.done();
    }
    Ok(runs)
}
