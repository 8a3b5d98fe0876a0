//! Checking a log offline: from its files alone, and against a head that was kept elsewhere.

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use self::walk::Walk;
use crate::{
    chain::Head,
    line::next_line,
    segment::{SegmentName, list},
};

mod report;
mod walk;

pub use report::{Finding, Location, Note, Report};

/// Why a log cannot be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The directory cannot be listed.
    #[error("cannot list the audit directory {}", .dir.display())]
    Dir {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A segment cannot be read.
    #[error("cannot read the audit segment {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Checks the log in `dir`. `expected` is a head that was kept elsewhere, as in the operator's anchor; without one
/// nobody can tell whether the end of the log was cut off.
///
/// Changes nothing, and may run beside the vault: a last line that is just being written is noted, not found fault with.
pub fn verify(dir: &Path, expected: Option<Head>) -> Result<Report, VerifyError> {
    let names = list(dir).map_err(|source| VerifyError::Dir {
        dir: dir.to_owned(),
        source,
    })?;
    let mut walk = Walk::new(expected);
    for name in names {
        let path = dir.join(name.to_string());
        check_segment(&mut walk, name, &path).map_err(|source| VerifyError::Read { path, source })?;
    }
    Ok(walk.finish())
}

fn check_segment(walk: &mut Walk, name: SegmentName, path: &Path) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path)?);
    walk.enter(name);
    while let Some(line) = next_line(&mut reader)? {
        walk.line(&line);
    }
    walk.leave();
    Ok(())
}
