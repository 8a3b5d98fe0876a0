//! The node's half, on the harness's cluster with the kubelet's own pace: mounts, rotations, what is said when nothing
//! happens, and memory.

mod components;
mod mounts;
mod network;
mod place;
mod rotation;
mod steady;

use std::{process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use strongroom_harness::{
    cluster, images,
    installation::{self, Installer},
    local::{self, Layout, record::Record},
    tools::Store,
    workspace,
};

use crate::{figures::Table, machine};
use place::Place;

/// What to measure, and how often.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Warm mounts.
    #[arg(long, default_value_t = 100)]
    pub mounts: usize,
    /// Mounts right after the driver's start, which have no connection yet.
    #[arg(long, default_value_t = 30)]
    pub cold_mounts: usize,
    /// Volumes that follow a secret.
    #[arg(long, default_value_t = 110)]
    pub volumes: usize,
    /// New versions of it.
    #[arg(long, default_value_t = 200)]
    pub rotations: usize,
    /// Minutes in which nothing happens.
    #[arg(long, default_value_t = 10)]
    pub minutes: u64,
    /// Leave the cluster running.
    #[arg(long)]
    pub keep: bool,
}

const CLUSTER: &str = "bench";

/// The images that the chart installs.
const COMPONENTS: [&str; 4] = ["vault", "operator", "identity", "csi"];

/// Starts a cluster of its own, measures, removes it, and gives the report.
pub async fn run(args: &Args) -> Result<String> {
    let (store, layout) = (Store::from_env()?, Layout::from_env(CLUSTER)?);
    let measured = on_cluster(args, &store, &layout).await;
    if !args.keep {
        local::down::down(&layout)?;
    }
    measured
}

async fn on_cluster(args: &Args, store: &Store, layout: &Layout) -> Result<String> {
    // The harness starts a cluster's processes as copies of itself. The pace is the kubelet's default: what it asks for
    // by itself is part of what is measured.
    let mut up = Command::new(workspace::program("harness")?);
    up.args(["up", "--name", CLUSTER, "--sync-frequency", "1m"]);
    ensure!(up.status()?.success(), "the cluster did not start");
    let record = Record::load(layout)?.context("the cluster has no record")?;
    let installed = COMPONENTS.map(str::to_owned);
    local::load::import(&record, &images::released(store, &installed, "dev")?)?;
    let kubeconfig = layout.kubeconfig();
    Installer::new(store, &kubeconfig)?.install("dev", &[])?;
    installation::ready(&cluster::client(&kubeconfig).await?).await?;

    let place = Place::prepare(layout).await?;
    let tables = tables(&place, args).await?;
    let tables: Vec<_> = tables.iter().map(Table::markdown).collect();
    Ok(format!(
        "{}\n\n{}",
        machine::describe(&layout.root()),
        tables.join("\n")
    ))
}

async fn tables(place: &Place, args: &Args) -> Result<Vec<Table>> {
    let idle = components::memory(place).await?;
    let cold = mounts::cold(place, args.cold_mounts).await?;
    let warm = mounts::warm(place, args.mounts).await?;
    place.pods(args.volumes).await?;
    let rotations = rotation::measure(place, args).await?;
    let after = components::memory(place).await?;
    let quiet = steady::measure(place, Duration::from_secs(args.minutes * 60)).await?;
    Ok(vec![
        mounts::table(cold, warm),
        rotations,
        quiet,
        components::table(&idle, &after),
    ])
}
