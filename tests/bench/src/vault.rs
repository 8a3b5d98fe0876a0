//! The vault against its peers: rates, latencies, processor time, syncs, memory, restart.

mod compare;
mod durability;
mod peers;

use std::{fs, path::PathBuf};

use anyhow::Result;
use strongroom_harness::{progress::Step, tools::Store};

use crate::{figures::Table, machine};
use compare::Measure;
use peers::Peers;

/// What to measure, and how often.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each measurement is made; the tables have the medians.
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Seconds of each measurement of a rate.
    #[arg(long, default_value_t = 3)]
    pub seconds: u64,
    /// How many secrets the vault and OpenBao hold.
    #[arg(long, default_value_t = 100_000)]
    pub objects: u64,
    /// How many secrets the vault holds when it is killed and started again.
    #[arg(long, default_value_t = 1_000_000)]
    pub restart_objects: u64,
    /// Where the stores are: on the disk that is to be measured.
    #[arg(long, default_value = "target/bench")]
    pub directory: PathBuf,
}

/// Secrets that are read over and over.
pub const HOT: u64 = 1_000;

/// Measures everything and gives the report.
pub async fn run(args: &Args) -> Result<String> {
    fs::create_dir_all(&args.directory)?;
    let mut peers = Peers::start(args, &Store::from_env()?).await?;
    let idle = peers.memory()?;
    peers.fill(args.objects).await?;
    peers.record(args).await?;
    let tables = compare::tables(&peers, args, &measures(args.objects)).await?;
    let mut report = format!("{}\n\n", machine::describe(&args.directory));
    for table in tables {
        report.push_str(&table.markdown());
        report.push('\n');
    }
    let step = Step::begin("Counting syncs");
    report.push_str(&durability::syncs(&peers, args).await?.markdown());
    step.done();
    report.push('\n');
    report.push_str(&memory(&idle, &peers.memory()?).markdown());
    report.push('\n');
    report.push_str(&durability::restarts(peers, args).await?.markdown());
    Ok(report)
}

fn measures(objects: u64) -> Vec<Measure> {
    let get = |title: String, span| Measure {
        title,
        clients: 32,
        span,
        writes: false,
    };
    let put = |title: String, clients| Measure {
        title,
        clients,
        span: objects,
        writes: true,
    };
    vec![
        get(format!("GET, 32 clients, {HOT} hot secrets"), HOT),
        get(
            format!("GET, 32 clients, uniformly over {objects} secrets"),
            objects,
        ),
        put(format!("PUT, 64 clients, over {objects} secrets"), 64),
        put("PUT, 1 client".to_owned(), 1),
    ]
}

fn memory(idle: &[(&'static str, u64)], after: &[(&'static str, u64)]) -> Table {
    let mut table = Table::new(
        "Resident memory, one run each",
        &["server", "empty and idle", "after the run above"],
    );
    for ((name, before), (_, now)) in idle.iter().zip(after) {
        table.row([
            (*name).to_owned(),
            crate::figures::mib(*before),
            crate::figures::mib(*now),
        ]);
    }
    table
}
