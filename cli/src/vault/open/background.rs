//! A door that stays open behind the lines that a shell has read, as `ssh-agent` does.
//!
//! The command starts itself once more in a process group of its own, so that Ctrl-C at the shell does not end it, prints what
//! that says until it is open, and ends. The other ends with the shell.

use std::{
    env,
    io::{self, IsTerminal as _, Write as _},
    process::{ExitCode, Stdio},
    time::Duration,
};

use rustix::process::{Pid, getpgrp, getpid, getppid, test_kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
    time::sleep,
};

use crate::failure::{Failure, VaultObjectFailure};

/// The variable by which a shell can end it: `kill $STRONGROOM_DOOR_PID`.
pub(super) const PID: &str = "STRONGROOM_DOOR_PID";

/// Says to the second process for whom it is there.
const CALLER: &str = "STRONGROOM_DOOR_CALLER";

/// The last line that the second process prints.
const END: &str = "# open";

/// How often it looks whether the shell is still there.
const LOOK: Duration = Duration::from_secs(2);

/// The process that reads the lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller(Pid);

impl Caller {
    /// Whom this process was started for, if it is the second one.
    pub(super) fn of_this_process() -> Option<Self> {
        let id = env::var(CALLER).ok()?.parse().ok()?;
        Pid::from_raw(id).map(Self)
    }

    /// Waits until the process is gone.
    pub(super) async fn ended(self) {
        while is_alive(self.0) {
            sleep(LOOK).await;
        }
    }

    /// The shell that reads what this process prints. Between it and this process may be one that ends at once; what stays is
    /// the leader of the process group.
    fn of_reader() -> Option<Pid> {
        let group = getpgrp();
        // Without a terminal the leader is whoever started the job, and may outlive it by far.
        if io::stdin().is_terminal() && group != getpid() && is_alive(group) {
            Some(group)
        } else {
            getppid()
        }
    }
}

/// Also one of another user is.
fn is_alive(process: Pid) -> bool {
    test_kill_process(process) != Err(rustix::io::Errno::SRCH)
}

/// Starts the second process, prints its lines, and leaves it behind.
pub(super) async fn leave() -> Result<ExitCode, Failure> {
    let failed = |error: io::Error| VaultObjectFailure::Door(error.to_string());
    let caller = Caller::of_reader().map_or(0, |pid| pid.as_raw_nonzero().get());
    let mut command = Command::new(env::current_exe().map_err(failed)?);
    let mut child = command
        .args(env::args_os().skip(1))
        .env(CALLER, caller.to_string())
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let lines = child.stdout.take();
    let mut lines = lines.map(|lines| BufReader::new(lines).lines());
    let mut text = String::new();
    while let Some(lines) = &mut lines {
        match lines.next_line().await.map_err(failed)? {
            Some(line) if line == END => {
                crate::terminal::print(&text)?;
                return Ok(ExitCode::SUCCESS);
            }
            Some(line) => {
                text.push_str(&line);
                text.push('\n');
            }
            None => break,
        }
    }
    // It has said why on standard error.
    let status = child.wait().await.map_err(failed)?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.filter(|code| *code != 0).unwrap_or(5)))
}

/// Says that the lines are over. Nothing may be printed after this: nobody reads it.
pub(super) fn done() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{END}")?;
    out.flush()
}
