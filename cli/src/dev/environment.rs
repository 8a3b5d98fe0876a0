//! How other programs on this machine learn of the vault that runs.

use std::{
    fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde::{Deserialize, Serialize};
use strongroom_dev::{environment, place::write_private, runs::Run};

use super::started::Started;
use crate::{
    arguments::RunningOptions,
    failure::{DevFailure, Failure},
    terminal,
};

/// Says how the vault of a run is reached, in the directory of the run.
const FILE: &str = "running.json";

/// What the file says. Only its owner can read it: the variables have a token among them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Running {
    pub(super) url: String,
    port: u16,
    pub(super) account: String,
    pub(super) variables: Vec<(String, String)>,
    /// The directory of the run.
    pub(super) run: PathBuf,
    /// When it was ready, in milliseconds since 1970.
    started: i64,
}

/// The file of `--ready-file`, which is gone with the run, as its directory is.
pub(super) struct Told {
    run: PathBuf,
    ready_file: Option<PathBuf>,
}

impl Drop for Told {
    fn drop(&mut self) {
        if let Some(path) = &self.ready_file
            // Another may have said so of itself since.
            && read(path).is_ok_and(|running| running.run == self.run)
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// Writes the files.
pub(super) fn tell(started: &Started, ready_file: Option<&Path>) -> Result<Told, Failure> {
    let variables = started.variables().into_iter();
    let url = started.laptop.url();
    let running = Running {
        port: url
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok())
            .unwrap_or_default(),
        url,
        account: started.account.to_string(),
        variables: variables.map(|(name, value)| (name.to_owned(), value)).collect(),
        run: started.laptop.directory().to_owned(),
        started: jiff::Timestamp::now().as_millisecond(),
    };
    let text = serde_json::to_vec_pretty(&running).map_err(Failure::Json)?;
    write(&running.run.join(FILE), &text)?;
    if let Some(path) = ready_file {
        write(path, &text)?;
    }
    Ok(Told {
        run: running.run,
        ready_file: ready_file.map(Path::to_owned),
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), DevFailure> {
    write_private(path, bytes).map_err(|source| DevFailure::File {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Path) -> io::Result<Running> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

/// The one that is meant: at this URL, or the last that was started.
pub(super) fn running(options: &RunningOptions) -> Result<Running, Failure> {
    let place = super::place(options.dev_dir.as_deref())?;
    let mut known = Vec::new();
    for run in Run::alive(&place).map_err(DevFailure::from)? {
        // One that starts has no file yet, and one with a program of its own has none.
        known.extend(read(&run.join(FILE)).ok());
    }
    known.sort_by_key(|running| running.started);
    let Some(url) = &options.url else {
        return Ok(known.pop().ok_or(DevFailure::NotRunning)?);
    };
    let wanted = url.trim_end_matches('/');
    let found = known.iter().position(|running| running.url == wanted);
    match found {
        Some(index) => Ok(known.swap_remove(index)),
        None => Err(DevFailure::NotAt {
            url: url.clone(),
            running: known.into_iter().map(|running| running.url).collect(),
        }
        .into()),
    }
}

/// Prints the environment of the vault that runs, or writes it to a file.
pub(super) fn print(
    options: &RunningOptions,
    dotenv: Option<&Path>,
    show: bool,
) -> Result<ExitCode, Failure> {
    let running = running(options)?;
    if let Some(path) = dotenv {
        write(path, environment::dotenv(&running.variables).as_bytes())?;
    } else if !show && io::stdout().is_terminal() {
        return Err(DevFailure::Terminal.into());
    } else {
        terminal::print(&environment::shell(&running.variables))?;
    }
    Ok(ExitCode::SUCCESS)
}
