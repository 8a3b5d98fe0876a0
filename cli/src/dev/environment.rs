//! How other programs on this machine learn of the vault that runs.

use std::{
    fs,
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde::{Deserialize, Serialize};
use strongroom_dev::{
    environment,
    place::{Place, write_private},
    runs::Run,
};

use super::started::Started;
use crate::{
    failure::{DevFailure, Failure},
    terminal,
};

/// Says how the vault that runs is reached; that of the last to start, where there are several.
const FILE: &str = "running.json";

/// What the file says. Only its owner can read it: the variables have a token among them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Running {
    url: String,
    port: u16,
    account: String,
    variables: Vec<(String, String)>,
    /// The directory of the run, which says whether it is alive.
    run: PathBuf,
}

/// The files that say so; they are gone with it.
pub(super) struct Told {
    run: PathBuf,
    files: Vec<PathBuf>,
}

impl Drop for Told {
    fn drop(&mut self) {
        for path in &self.files {
            // Another may have said so of itself since.
            if read(path).is_ok_and(|running| running.run == self.run) {
                let _ = fs::remove_file(path);
            }
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
    };
    let text = serde_json::to_vec_pretty(&running).map_err(Failure::Json)?;
    let mut told = Told {
        run: running.run,
        files: Vec::new(),
    };
    let files = [Some(started.place.file(FILE)), ready_file.map(Path::to_owned)];
    for path in files.into_iter().flatten() {
        write(&path, &text)?;
        told.files.push(path);
    }
    Ok(told)
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

/// The variables of the vault that runs.
pub(super) fn variables(place: &Place) -> Result<Vec<(String, String)>, Failure> {
    let running = read(&place.file(FILE)).map_err(|_| DevFailure::NotRunning)?;
    // One that was killed is in the file still, and its ports are anybody's.
    if Run::is_alive(&running.run) {
        Ok(running.variables)
    } else {
        Err(DevFailure::NotRunning.into())
    }
}

/// Prints the environment of the vault that runs, or writes it to a file.
pub(super) fn print(place: &Place, dotenv: Option<&Path>, show: bool) -> Result<ExitCode, Failure> {
    let variables = variables(place)?;
    if let Some(path) = dotenv {
        write(path, environment::dotenv(&variables).as_bytes())?;
    } else if !show && io::stdout().is_terminal() {
        return Err(DevFailure::Terminal.into());
    } else {
        terminal::print(&environment::shell(&variables))?;
    }
    Ok(ExitCode::SUCCESS)
}
