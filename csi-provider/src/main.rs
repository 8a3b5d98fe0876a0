//! The node driver's process.

use anyhow::Context as _;
use clap::Parser as _;
use strongroom_csi::{args::Args, run::run, source::endpoints::Endpoints};
use strongroom_serving::{process, signal::Termination};
use tokio_util::sync::CancellationToken;

/// One thread: a node's volumes keep less than one busy, and every further one costs its own memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    process::begin_with(&args.log).context("--log")?;
    let client = kube::Client::try_default()
        .await
        .context("cannot configure the Kubernetes client")?;
    let stop = CancellationToken::new();
    let mut termination = Termination::listen().context("cannot listen for signals")?;
    tokio::spawn({
        let stop = stop.clone();
        async move {
            termination.recv().await;
            stop.cancel();
        }
    });
    run(args, client, Endpoints::ClusterDns, stop).await
}
