//! The binary `strongroom-operator`: arguments, logging, and the start of one command.

use std::io::Write;

use anyhow::Context;
use clap::Parser;
use strongroom_operator::{
    args::{Cli, Command},
    run, uninstall,
};
use strongroom_serving::process;

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    process::begin()?;
    match cli.command {
        Command::Run(args) => block_on(run::run(*args)),
        Command::UninstallCheck(args) => block_on(async { Ok(uninstall::check(args).await?) }),
        Command::Crds => print_crds(),
    }
}

fn block_on(service: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(service)
}

fn print_crds() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for definition in strongroom_crds::all() {
        let yaml = strongroom_crds::to_yaml(&definition).context("cannot write a definition as YAML")?;
        writeln!(out, "---\n{yaml}")?;
    }
    Ok(())
}
