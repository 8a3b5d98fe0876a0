//! The binary `strongroom-identity`: arguments, logging, and the start of the service.

use anyhow::Context;
use clap::Parser;
use strongroom_identity::{Arguments, run};
use strongroom_serving::process;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    process::begin()?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(run(arguments))?;
    Ok(())
}
