//! `strongroom dev`: a vault on this machine.

mod consent;
mod environment;
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

use strongroom_dev::{laptop::free_port, place::Place};

use crate::{
    arguments::{DevArguments, DevCommand, DevOptions, Global, StayOptions},
    failure::{DevFailure, Failure},
};
use signals::Signals;
use started::Started;

/// Where the vault listens if nobody says otherwise.
const PORT: u16 = 8443;

/// Runs the command.
pub(crate) async fn run(arguments: DevArguments, global: &Global) -> Result<ExitCode, Failure> {
    match arguments.command {
        None => stay(arguments.options, arguments.stay).await,
        Some(DevCommand::Run { options, program }) => program::run(options, program).await,
        Some(DevCommand::Env {
            dotenv,
            show,
            dev_dir,
        }) => environment::print(&place(dev_dir.as_deref())?, dotenv.as_deref(), show),
        Some(DevCommand::Seed { files, dev_dir }) => {
            let seeds = seeds::read(&files)?;
            let session = running::open(&place(dev_dir.as_deref())?, global).await?;
            seeds::set(&session, seeds).await
        }
        Some(DevCommand::Snapshot { file, force, dev_dir }) => {
            let to = snapshot::Target::open(&file, force)?;
            let session = running::open(&place(dev_dir.as_deref())?, global).await?;
            snapshot::write(&session, to).await
        }
        Some(DevCommand::Reset { yes, dev_dir }) => {
            let session = running::open(&place(dev_dir.as_deref())?, global).await?;
            reset::run(&session, yes).await
        }
        Some(DevCommand::Trust {
            uninstall,
            print,
            yes,
            dev_dir,
        }) => trust::run(&place(dev_dir.as_deref())?, uninstall, print, yes),
    }
}

/// Serves until a signal asks to end.
async fn stay(options: DevOptions, stay: StayOptions) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen().map_err(DevFailure::from)?;
    let port = match options.port {
        Some(port) => port,
        None => free_port(PORT),
    };
    let started = Started::start(options, port, &mut signals).await?;
    let told = environment::tell(&started, stay.ready_file.as_deref())?;
    screen::ready(&started);
    signals.next().await;
    drop(told);
    started.laptop.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn place(named: Option<&Path>) -> Result<Place, Failure> {
    Ok(Place::open(named).map_err(DevFailure::from)?)
}
