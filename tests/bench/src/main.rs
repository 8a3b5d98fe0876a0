//! Benchmarks: programs that print tables, each figure beside that of a peer in the same run.
//!
//! ```text
//!   bench vault   the vault as a bare process, OpenBao, and the least handler that could send the same bytes
//!   bench sign    signatures of the vault, of OpenBao and of the library alone
//!   bench certificates  certificates that the vault and OpenBao issue
//!   bench dev     a vault on a laptop: from its start to the end of a program that used it
//!   bench node    mounts, rotations, steady state and memory on the harness's cluster
//!   bench attacks honest clients beside one source that attacks, for each program and attack
//!   bench growth  requests as keys, versions and policies become more, and while RSA keys are made
//! ```
//!
//! Absolute times are of the machine and of its hour; ratios and counts are what to compare.

mod api;
mod attacks;
mod bare;
mod certificates;
mod dev;
mod figures;
mod growth;
mod identity;
mod load;
mod machine;
mod node;
mod openbao;
mod process;
mod serve;
mod sign;
mod strongroom;
mod syncs;
mod vault;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Result, anyhow};
use clap::{Parser, Subcommand};
use strongroom_harness::page;
use tikv_jemallocator::Jemalloc;
use zeroizing_alloc::ZeroAlloc;

/// The vault's allocator, so that the bare handler is spared nothing but the work.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<Jemalloc> = ZeroAlloc(Jemalloc);

/// Measures Strongroom against its peers and prints tables.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Cli {
    /// What to measure.
    #[command(subcommand)]
    command: Command,
    /// Also put the tables into this page, between the markers of the command's name.
    #[arg(long, global = true, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The vault as a bare process, beside OpenBao and a bare handler.
    Vault(vault::Args),
    /// Signatures over HTTPS, beside OpenBao and the library in a loop.
    Sign(sign::Args),
    /// Certificates that the vault issues, beside OpenBao's PKI engine.
    Certificates(certificates::Args),
    /// A vault on a laptop: from its start to the end of a program that used it.
    Dev(dev::Args),
    /// Mounts, rotations, steady state and memory on a cluster of its own.
    Node(node::Args),
    /// Honest clients of each program while one source attacks it.
    Attacks(attacks::Args),
    /// Requests as keys, versions and policies become more, and while RSA keys are made.
    Growth(growth::Args),
    /// One attack from one source; not for people.
    #[command(hide = true)]
    Attacker {
        /// What to do, in JSON.
        plan: String,
    },
    /// Uses a share of one core, from 0 to 1; not for people.
    #[command(hide = true)]
    Burner {
        /// The share.
        share: f64,
    },
    /// The least handler that answers what the vault answered; not for people.
    #[command(hide = true)]
    Bare {
        /// Where its certificate and the answers are.
        directory: PathBuf,
    },
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
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<()> {
    let (name, text) = match &cli.command {
        Command::Vault(args) => ("vault", vault::run(args).await?),
        Command::Sign(args) => ("sign", sign::run(args).await?),
        Command::Certificates(args) => ("certificates", certificates::run(args).await?),
        Command::Dev(args) => ("dev", dev::run(args).await?),
        Command::Node(args) => ("node", node::run(args).await?),
        Command::Attacks(args) => ("attacks", attacks::run(args).await?),
        Command::Growth(args) => ("growth", growth::run(args).await?),
        Command::Attacker { plan } => return attacks::attacker::run(plan).await,
        Command::Burner { share } => attacks::attacker::burn(*share),
        Command::Bare { directory } => return bare::run(directory).await,
    };
    println!("{text}");
    match &cli.write {
        Some(path) => page::put(path, name, &text),
        None => Ok(()),
    }
}
