//! `strongroom dev run`: a program with a vault of its own.

use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt as _,
    process::{ExitCode, ExitStatus},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::{signals::Signals, started::Started};
use crate::{
    arguments::DevOptions,
    failure::{DevFailure, Failure},
    terminal,
};

/// What a shell says of a program that cannot be started.
const CANNOT_START: u8 = 127;

/// What a shell adds to the number of a signal that ended a program.
const BY_SIGNAL: i32 = 128;

/// Starts a vault and the program, and ends with it.
pub(super) async fn run(options: DevOptions, program: Vec<OsString>) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen().map_err(DevFailure::from)?;
    let port = options.port.unwrap_or(0);
    let started = Started::start(options, port, &mut signals).await?;
    terminal::tell(&format!(
        "{} as {}, ready after {} ms",
        started.laptop.url(),
        started.account,
        started.took.as_millis()
    ));
    let code = run_with(program, started.variables(), &mut signals).await;
    let code = code.map_err(DevFailure::from)?;
    started.laptop.stop().await;
    Ok(ExitCode::from(code))
}

/// Runs a program with these variables beside those of this process; gives its code, as a shell says it.
pub(crate) async fn run_with(
    program: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
    signals: &mut Signals,
) -> std::io::Result<u8> {
    let mut words = program.into_iter();
    let name = words.next().unwrap_or_default();
    match Command::new(&name).args(words).envs(variables).spawn() {
        Ok(child) => Ok(code_of(ended(child, signals).await?)),
        Err(error) => {
            terminal::complain(&format!("Error: cannot run {}: {error}", name.display()));
            Ok(CANNOT_START)
        }
    }
}

/// Waits for the program, which gets the signals that this process gets. A terminal sends its own to both.
async fn ended(mut child: Child, signals: &mut Signals) -> std::io::Result<ExitStatus> {
    let id = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    loop {
        tokio::select! {
            status = child.wait() => return status,
            signal = signals.next() => {
                if let Some(id) = id.filter(|_| signal != Signal::INT) {
                    // It may have ended just now.
                    let _ = kill_process(id, signal);
                }
            }
        }
    }
}

/// As a shell says how a program ended.
fn code_of(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| BY_SIGNAL + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
