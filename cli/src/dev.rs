//! `strongroom dev`: a vault on this machine.

mod environment;
pub(crate) mod program;
mod screen;
pub(crate) mod signals;
mod started;

use std::{path::Path, process::ExitCode};

use strongroom_dev::{laptop::free_port, place::Place};

use crate::{
    arguments::{DevArguments, DevCommand, DevOptions, StayOptions},
    failure::{DevFailure, Failure},
};
use signals::Signals;
use started::Started;

/// Where the vault listens if nobody says otherwise.
const PORT: u16 = 8443;

/// Runs the command.
pub(crate) async fn run(arguments: DevArguments) -> Result<ExitCode, Failure> {
    match arguments.command {
        None => stay(arguments.options, arguments.stay).await,
        Some(DevCommand::Run { options, program }) => program::run(options, program).await,
        Some(DevCommand::Env {
            dotenv,
            show,
            dev_dir,
        }) => environment::print(&place(dev_dir.as_deref())?, dotenv.as_deref(), show),
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
