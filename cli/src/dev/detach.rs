//! `strongroom dev --detach`: the same program again, which stays when this one returns.

use std::{
    env,
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::Duration,
};

use strongroom_dev::place::Place;

use crate::{
    failure::{DevFailure, Failure},
    terminal,
};

/// Where one that was started so writes to, in the directory of its run.
pub(super) const LOG: &str = "dev.log";

/// How often it is looked whether it is ready.
const EVERY: Duration = Duration::from_millis(20);

/// How the line begins that says that it is.
const READY: &str = "ready ";

/// Starts another process that does what this one was to do, and returns when it is ready.
pub(super) fn start(place: &Place) -> Result<ExitCode, Failure> {
    let path = place.file(&format!("detached-{}.log", std::process::id()));
    let ended = run(&path).map_err(|source| DevFailure::File {
        path: path.clone(),
        source,
    });
    // Where it is ready, the file is in the directory of its run by now.
    let _ = fs::remove_file(&path);
    ended.map_err(Failure::from)
}

fn run(path: &Path) -> io::Result<ExitCode> {
    let mut options = OpenOptions::new();
    let mut log = options
        .read(true)
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let mut child = Command::new(env::current_exe()?)
        .args(arguments(env::args_os().skip(1), path))
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        .stdin(Stdio::inherit())
        .spawn()?;
    let (said, code) = wait(&mut child, &mut log)?;
    terminal::complain(said.trim_end());
    if code.is_none() {
        terminal::tell(
            "It stays until `strongroom dev stop`. Use it from any terminal:\n  eval \"$(strongroom dev env)\"",
        );
    }
    Ok(ExitCode::from(code.unwrap_or_default()))
}

/// The same arguments, with the file to write to in the place of `--detach`.
fn arguments(given: impl Iterator<Item = OsString>, path: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = given.filter(|argument| argument != "--detach").collect();
    arguments.push("--detached".into());
    arguments.push(path.into());
    arguments
}

/// What it said until it was ready, or all that it said and how it ended.
fn wait(child: &mut Child, log: &mut File) -> io::Result<(String, Option<u8>)> {
    loop {
        let ended = child.try_wait()?;
        let mut said = String::new();
        log.seek(SeekFrom::Start(0))?;
        log.read_to_string(&mut said)?;
        if let Some(status) = ended {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok((said, Some(code.unwrap_or(1))));
        }
        let is_ready = |line: &str| line.starts_with(READY) && line.ends_with('\n');
        if said.split_inclusive('\n').any(is_ready) {
            return Ok((said, None));
        }
        thread::sleep(EVERY);
    }
}

/// Leaves the terminal that the process was started from: its Ctrl-C and its end are for others.
pub(super) fn leave_terminal() -> Result<(), DevFailure> {
    rustix::process::setsid().map_err(io::Error::from)?;
    Ok(())
}

/// Moves the log to the directory of the run, with which it ends.
pub(super) fn keep_log(log: &Path, run: &Path) -> Result<(), DevFailure> {
    let path = run.join(LOG);
    fs::rename(log, &path).map_err(|source| DevFailure::File { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_process_gets_the_same_arguments_and_a_file() {
        let given = ["dev", "--detach", "--port", "0"].map(OsString::from);
        let passed = arguments(given.into_iter(), Path::new("/r/log"));
        assert_eq!(passed, ["dev", "--port", "0", "--detached", "/r/log"]);
    }
}
