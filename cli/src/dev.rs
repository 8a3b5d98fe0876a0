//! `strongroom dev`: a vault on this machine.

mod consent;
mod detach;
mod environment;
mod lines;
mod log;
mod orders;
pub(crate) mod program;
mod reset;
mod running;
mod screen;
mod seeds;
pub(crate) mod signals;
mod snapshot;
mod started;
mod trust;

use std::{path::Path, process::ExitCode};

use strongroom_dev::{faults::FaultPlan, laptop::free_port, place::Place};

use crate::{
    arguments::{DevArguments, DevCommand, DevOptions, FaultOptions, Global, StayOptions},
    failure::{DevFailure, Failure},
};
use log::{Log, Sink};
use program::Beside;
use signals::Signals;
use started::Started;

/// Where the vault listens if nobody says otherwise.
const PORT: u16 = 8443;

/// Runs the command.
pub(crate) async fn run(arguments: DevArguments, global: &Global) -> Result<ExitCode, Failure> {
    match arguments.command {
        None => stay(arguments.options, arguments.stay).await,
        Some(DevCommand::Run {
            options,
            faults,
            files,
            log,
            program,
        }) => {
            let sink = match log {
                Some(path) => Sink::file(&path)?,
                None if global.verbose => Sink::Stderr,
                None => Sink::Nothing,
            };
            let beside = Beside {
                faults: plan(faults)?,
                files,
                sink,
            };
            program::run(*options, beside, program).await
        }
        Some(DevCommand::Env {
            dotenv,
            show,
            running,
        }) => environment::print(&running, dotenv.as_deref(), show),
        Some(DevCommand::Seed { files, running }) => {
            let seeds = seeds::read(&files)?;
            let session = running::open(&running, global).await?;
            seeds::set(&session, seeds).await
        }
        Some(DevCommand::Snapshot { file, force, running }) => {
            let to = snapshot::Target::open(&file, force)?;
            let session = running::open(&running, global).await?;
            snapshot::write(&session, to).await
        }
        Some(DevCommand::Reset { yes, running }) => {
            let session = running::open(&running, global).await?;
            reset::run(&session, yes).await
        }
        Some(DevCommand::Trust {
            uninstall,
            print,
            yes,
            dev_dir,
        }) => trust::run(&place(dev_dir.as_deref())?, uninstall, print, yes),
        Some(DevCommand::Fault(arguments)) => orders::make_faults(arguments),
        Some(DevCommand::Files(arguments)) => orders::keep_files(&arguments),
        Some(DevCommand::Status(running)) => orders::status(&running, global),
        Some(DevCommand::Stop(running)) => orders::stop(&running),
        Some(DevCommand::Time(arguments)) => orders::move_time(&arguments),
    }
}

/// Serves until a signal, or another process of the user, asks to end.
async fn stay(options: DevOptions, stay: StayOptions) -> Result<ExitCode, Failure> {
    let faults = plan(stay.faults)?;
    if stay.detach {
        return detach::start(&place(options.dev_dir.as_deref())?);
    }
    if stay.detached.is_some() {
        detach::leave_terminal()?;
    }
    let mut signals = Signals::listen().map_err(DevFailure::from)?;
    let port = match options.port {
        Some(port) => port,
        None => free_port(PORT),
    };
    let started = Started::start(options, port, &mut signals).await?;
    let told = environment::tell(&started, stay.ready_file.as_deref())?;
    if let Some(log) = &stay.detached {
        detach::keep_log(log, started.laptop.directory())?;
    }
    screen::ready(&started, stay.quiet);
    let log = if stay.quiet {
        None
    } else {
        Some(Log::start(&started.laptop, Sink::Stdout)?)
    };
    let controls = started.laptop.controls();
    if !faults.is_none() {
        controls.set_faults(faults);
    }
    tokio::select! {
        _ = signals.next() => {}
        () = controls.asked_to_stop() => {}
    }
    drop(told);
    started.laptop.stop().await;
    drop(log);
    Ok(ExitCode::SUCCESS)
}

/// The faults that are asked for.
fn plan(faults: FaultOptions) -> Result<FaultPlan, Failure> {
    let plan = faults.plan();
    if plan.is_possible() {
        Ok(plan)
    } else {
        Err(DevFailure::TooManyFaults.into())
    }
}

fn place(named: Option<&Path>) -> Result<Place, Failure> {
    Ok(Place::open(named).map_err(DevFailure::from)?)
}
