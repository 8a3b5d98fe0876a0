//! `strongroom dev run`: a program with a vault of its own.

use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt as _,
    path::absolute,
    process::{ExitCode, ExitStatus},
};

use rustix::process::{Pid, Signal, kill_process};
use strongroom_dev::{
    faults::FaultPlan,
    files::{FilesOrder, KeptFiles},
};
use tokio::{
    process::{Child, Command},
    task::JoinSet,
};

use super::{
    log::{Log, Sink},
    signals::Signals,
    started::Started,
};
use crate::{
    arguments::{DevOptions, FilesOf},
    failure::{DevFailure, Failure},
    terminal,
};

/// What a shell says of a program that cannot be started.
const CANNOT_START: u8 = 127;

/// What a shell adds to the number of a signal that ended a program.
const BY_SIGNAL: i32 = 128;

/// What there is beside the program.
pub(super) struct Beside {
    pub(super) faults: FaultPlan,
    pub(super) files: Vec<FilesOf>,
    /// Where requests are written.
    pub(super) sink: Sink,
}

/// Starts a vault and the program, and ends with it.
pub(super) async fn run(
    options: DevOptions,
    beside: Beside,
    program: Vec<OsString>,
) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen().map_err(DevFailure::from)?;
    let port = options.port.unwrap_or(0);
    let started = Started::start(options, port, &mut signals).await?;
    terminal::tell(&format!(
        "{} as {}, ready after {} ms",
        started.laptop.url(),
        started.account,
        started.took.as_millis()
    ));
    let log = Log::start(&started.laptop, beside.sink)?;
    let mut kept = JoinSet::<()>::new();
    for files in beside.files {
        let mut files = keep(&started, files).await?;
        kept.spawn(async move {
            loop {
                // It is told on the console from there.
                files.note().await;
            }
        });
    }
    if !beside.faults.is_none() {
        started.laptop.controls().set_faults(beside.faults);
    }
    let code = run_with(program, started.variables(), &mut signals).await;
    let code = code.map_err(DevFailure::from)?;
    kept.shutdown().await;
    started.laptop.stop().await;
    drop(log);
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

/// Keeps the files of a SecretRef, as the account that the program is.
async fn keep(started: &Started, files: FilesOf) -> Result<KeptFiles, DevFailure> {
    let directory = absolute(&files.directory).map_err(|source| DevFailure::File {
        path: files.directory,
        source,
    })?;
    let order = FilesOrder {
        reference: files.reference,
        directory,
        account: started.named.then(|| started.account.to_string()),
    };
    Ok(started.laptop.files().keep(order).await?)
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
