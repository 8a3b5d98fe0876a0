//! Making a new store's file.
//!
//! redb writes the magic number of a new file last, and refuses a file without one: a first start that is interrupted
//! would leave a file that no later start opens. So a new file is made under another name and gets its own when it is
//! whole; it is there whole, or not at all.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use redb::{Database, backends::FileBackend};

use super::{failure::Failure, header, open_file};

/// Makes an empty store at `path` unless there is one. What an interrupted start left is made anew.
pub(super) fn create_if_missing(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.len() > 0 => return Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Ok(_) | Err(_) => {}
    }
    let unfinished = unfinished(path);
    let file = open_file(&unfinished)?;
    file.set_len(0)?;
    let backend = FileBackend::new(file).map_err(io::Error::other)?;
    let database = Database::builder().create_with_backend(backend)?;
    header::prepare(&database)?;
    drop(database);
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, path)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

/// Where the file lies until it is whole.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Gen, RedbOptions, RedbStore, Store as _};

    #[test]
    fn a_first_start_that_was_interrupted_is_made_again() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("store.redb");
        fs::write(unfinished(&path), vec![7; 100_000]).unwrap();
        fs::write(&path, []).unwrap();
        let store = RedbStore::open(&path, RedbOptions::default()).unwrap();
        assert_eq!(store.snapshot().unwrap().generation(), Gen(0));
        assert!(!unfinished(&path).exists());
    }

    #[test]
    fn a_file_that_is_no_store_is_left_alone() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("store.redb");
        fs::write(&path, b"something else").unwrap();
        assert!(RedbStore::open(&path, RedbOptions::default()).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"something else");
    }
}
