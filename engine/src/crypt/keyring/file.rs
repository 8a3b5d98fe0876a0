//! The keyring's file: replaced as a whole, so that what it held before is gone from the directory.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Why the keyring's file could not be read or replaced.
#[derive(Debug, thiserror::Error)]
#[error("the keyring file {} cannot be {step}: {source}", path.display())]
pub struct KeyringFileError {
    step: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// The place of a keyring's file.
#[derive(Debug, Clone)]
pub struct KeyringFile {
    path: PathBuf,
}

impl KeyringFile {
    /// The keyring at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The stored bytes; none when there is no file.
    pub fn read(&self) -> Result<Option<Vec<u8>>, KeyringFileError> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read", error)),
        }
    }

    /// Replaces the file; after a crash it is the old one or the new one, whole.
    pub fn replace(&self, bytes: &[u8]) -> Result<(), KeyringFileError> {
        let beside = self.path.with_extension("new");
        write(&beside, bytes).map_err(|error| self.failed("written", error))?;
        self.put_in_place(&beside)
            .map_err(|error| self.failed("replaced", error))
    }

    fn put_in_place(&self, beside: &Path) -> io::Result<()> {
        fs::rename(beside, &self.path)?;
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }

    fn failed(&self, step: &'static str, source: io::Error) -> KeyringFileError {
        KeyringFileError {
            step,
            path: self.path.clone(),
            source,
        }
    }
}

fn write(beside: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(beside)?;
    file.write_all(bytes)?;
    file.sync_all()
}
