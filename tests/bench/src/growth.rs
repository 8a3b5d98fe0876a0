//! What a request costs as the vault's content grows.
//!
//! | room | what it holds |
//! |---|---|
//! | [`keys`] | requests against stores of so many keys |
//! | [`footprint`] | what those stores take: memory, disk, the time of a start |
//! | [`versions`] | requests for keys of so many versions |
//! | [`policies`] | a read under so many policies |
//! | [`generation`] | reads while RSA keys are made |
//! | [`rounds`] | the figures of rounds, and their ratios to others |
//! | [`subject`] | a vault with its process, and how a run of requests is sent to it |
//!
//! Each size is measured in turn with the least one, in the same minutes of the machine: their ratio is of the size alone.

mod footprint;
mod generation;
mod keys;
mod policies;
mod rounds;
mod subject;
mod versions;

use std::{fs, path::PathBuf};

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::machine;

/// What to measure, and how often.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each measurement is made; the tables have the medians.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Seconds of each measurement of a rate.
    #[arg(long, default_value_t = 3)]
    pub seconds: u64,
    /// Seconds of each measurement beside RSA keys in the making, which take about a second each.
    #[arg(long, default_value_t = 10)]
    pub generation_seconds: u64,
    /// How many keys the store holds; the first is what the others are compared with.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000,1000000")]
    pub keys: Vec<u64>,
    /// How many versions a key has.
    #[arg(long, value_delimiter = ',', default_value = "1,10,100,1000")]
    pub versions: Vec<u64>,
    /// How many policies are in force.
    #[arg(long, value_delimiter = ',', default_value = "10,100,1000,10000")]
    pub policies: Vec<u64>,
    /// Only these parts.
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<Part>,
    /// Leave out OpenBao, which the first run has to build.
    #[arg(long)]
    pub without_openbao: bool,
    /// Where the stores are: on the disk that is to be measured.
    #[arg(long, default_value = "target/bench")]
    pub directory: PathBuf,
}

/// A part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Stored keys.
    Keys,
    /// Versions of a key.
    Versions,
    /// Policies in force.
    Policies,
    /// RSA keys in the making.
    Generation,
}

/// Fewer keys than this are created too quickly to be measured.
const LEAST_KEYS: u64 = 100;

/// Measures everything and gives the report.
pub async fn run(args: &Args) -> Result<String> {
    let rising = |sizes: &[u64], least| sizes.first() >= Some(&least) && sizes.is_sorted_by(|a, b| a < b);
    ensure!(
        rising(&args.keys, LEAST_KEYS),
        "--keys are to rise from {LEAST_KEYS} or more"
    );
    ensure!(rising(&args.versions, 1), "--versions are to rise from 1 or more");
    ensure!(rising(&args.policies, 1), "--policies are to rise from 1 or more");
    ensure!(args.rounds > 0, "--rounds are to be 1 or more");
    fs::create_dir_all(&args.directory)?;
    let is_wanted = |part| args.only.is_empty() || args.only.contains(&part);
    let mut tables = Vec::new();
    if is_wanted(Part::Keys) {
        tables.extend(keys::tables(args).await?);
    }
    if is_wanted(Part::Versions) {
        tables.push(versions::table(args).await?);
    }
    if is_wanted(Part::Policies) {
        tables.push(policies::table(args).await?);
    }
    if is_wanted(Part::Generation) {
        tables.push(generation::table(args).await?);
    }
    let mut report = format!("{}\n", machine::describe(&args.directory));
    for table in tables {
        report.push('\n');
        report.push_str(&table.markdown());
    }
    Ok(report)
}
