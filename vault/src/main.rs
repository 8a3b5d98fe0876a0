//! The vault server's program: it reads the command line and starts what it names.

use std::{
    io::{self, Write as _},
    num::NonZeroUsize,
    process::ExitCode,
    thread,
};

use anyhow::Context as _;
use clap::Parser;
use strongroom_core::{causes, exit};
use strongroom_serving::{process, signal::Termination};
use strongroom_vault::{
    args::{AuditCommand, Cli, Command, ServeArgs},
    clock::Clock,
    serve::Running,
    verify,
};
use tikv_jemallocator::Jemalloc;
use zeroizing_alloc::ZeroAlloc;

/// The store's pages come and go on every thread. The system's allocator has a heap per thread and seldom gives any of
/// it back, so that memory could grow to the cache's size times the threads; this one returns what is free, within a second
/// (`.cargo/config.toml`).
///
/// Around it, whatever is freed is wiped first: our own buffers of secrets are wiped by their types, those of the TLS and
/// HTTP libraries, through which every value and token goes, by nothing else.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<Jemalloc> = ZeroAlloc(Jemalloc);

/// How few threads may serve the data port: an audit disk that does not answer can hold one.
const LEAST_THREADS: usize = 2;

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Serve(args) => serve(&args),
        Command::Audit(AuditCommand::Verify(args)) => {
            let report = verify::report(&args)?;
            write!(io::stdout(), "{report}").context("cannot print the report")?;
            Ok(if report.is_intact() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

fn serve(args: &ServeArgs) -> anyhow::Result<ExitCode> {
    process::begin()?;
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.max(LEAST_THREADS))
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut termination = Termination::listen().context("cannot listen for signals")?;
        let running = match Running::start(args, Clock::default()) {
            Ok(running) => running,
            Err(error) if error.is_sealed() => {
                tracing::error!(error = %causes(&error), "cannot start");
                return Ok(ExitCode::from(exit::SEALED));
            }
            Err(error) => return Err(error).context("cannot start"),
        };
        tracing::info!(addresses = ?running.addresses(), "serving");
        termination.recv().await;
        tracing::info!("draining");
        if !running.stop().await {
            tracing::warn!("some requests did not finish in time");
        }
        Ok(ExitCode::SUCCESS)
    })
}
