//! The program behind `make soak`.

use std::{process::ExitCode, time::Instant};

use anyhow::Result;
use clap::{Parser, Subcommand};
use strongroom_harness::progress::seconds;
use strongroom_soak::{clock, crashes, kills, report::Report, residue, timing};

/// Tries for minutes what the tests try for seconds. Exits with 1 when anything is found.
#[derive(Debug, Parser)]
#[command(name = "soak", version)]
struct Cli {
    /// One part alone; without it, all of them.
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Clone, Subcommand)]
enum Part {
    /// Kills the vault under load and reads back what it acknowledged.
    Kills(kills::Args),
    /// Stops the disk at each write of a long script, and again while the vault recovers.
    Crashes(crashes::Args),
    /// Renews certificates for two years under a clock that is given.
    Clock(clock::Args),
    /// Compares how long a hidden name and a missing one take.
    Timing(timing::Args),
    /// Searches the memory of the process for values that were planted.
    Residue(residue::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    let started = Instant::now();
    let parts = match Cli::parse().part {
        Some(part) => vec![part],
        None => vec![
            Part::Residue(residue::Args::default()),
            Part::Timing(timing::Args::default()),
            Part::Kills(kills::Args::default()),
            Part::Crashes(crashes::Args::default()),
            Part::Clock(clock::Args::default()),
        ],
    };
    let mut passed = true;
    let mut texts = Vec::new();
    for part in parts {
        let outcome = run(part).await;
        passed &= outcome.as_ref().is_ok_and(Report::passed);
        texts.push(match outcome {
            Ok(report) => report.to_string(),
            Err(error) => format!("A part did not come to its end: {error:#}\n"),
        });
    }
    let verdict = if passed { "passed" } else { "FAILED" };
    println!(
        "{}\nsoak: {verdict} in {}",
        texts.join("\n"),
        seconds(started.elapsed())
    );
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn run(part: Part) -> Result<Report> {
    match part {
        Part::Kills(args) => kills::run(&args).await,
        Part::Crashes(args) => crashes::run(&args).await,
        Part::Clock(args) => clock::run(&args).await,
        Part::Timing(args) => timing::run(&args).await,
        Part::Residue(args) => residue::run(&args).await,
    }
}
