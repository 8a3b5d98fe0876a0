//! The directory that keeps the objects of a laptop: one process at a time uses it, and neither it nor a vault of production takes
//! the store of the other.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::{FlockOperation, flock};
use strongroom_engine::store::{RedbOptions, RedbStore, Store, redb::OpenStoreError};
use strongroom_vault::serve::{LAPTOP_MARK, STORE};

use crate::place::{keep_private, make_private};

/// What the mark says to who finds it.
const MARK: &[u8] =
    b"strongroom dev made this store, with its seal key beside it. A vault in a cluster does not open it.\n";

/// Why a directory cannot keep the objects.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub enum DirectoryError {
    /// It cannot be made or written.
    #[error("cannot use the directory {}: {source}; name another one with --data", path.display())]
    Use { path: PathBuf, source: io::Error },
    /// Another process uses it.
    #[error(
        "another `strongroom dev` keeps its objects in {}: end it, or name another directory with --data",
        path.display()
    )]
    InUse { path: PathBuf },
    /// There is a store that was not made here.
    #[error(
        "{} holds a store that `strongroom dev` did not make: it is a vault's of a cluster, and stays as it is. Name another \
         directory with --data",
        path.display()
    )]
    Production { path: PathBuf },
    /// The store cannot be opened.
    #[error(
        "cannot open the store {}: {source}. If another release of strongroom wrote it, use that one, or name another directory \
         with --data",
        path.display()
    )]
    Open {
        path: PathBuf,
        source: Box<OpenStoreError>,
    },
}

/// A directory that is this process's for as long as this lives.
#[derive(Debug)]
pub struct Claim {
    _lock: File,
}

impl Claim {
    /// Takes a directory, which is made if it is missing.
    ///
    /// # Errors
    /// It is another's, or cannot be used.
    pub fn of(directory: &Path) -> Result<Self, DirectoryError> {
        let failed = |source| DirectoryError::Use {
            path: directory.to_owned(),
            source,
        };
        refuse_production(directory)?;
        make_private(directory).map_err(failed)?;
        let mark = directory.join(LAPTOP_MARK);
        keep_private(&mark, MARK).map_err(failed)?;
        let lock = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&mark)
            .map_err(failed)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(DirectoryError::InUse {
                path: directory.to_owned(),
            }),
            Err(errno) => Err(failed(errno.into())),
        }
    }
}

/// Marks the directory of one vault as a laptop's, before anything else is written into it.
///
/// # Errors
/// It holds a store of production, or cannot be used.
pub(crate) fn mark(directory: &Path) -> Result<(), DirectoryError> {
    refuse_production(directory)?;
    let marked = make_private(directory).and_then(|()| keep_private(&directory.join(LAPTOP_MARK), MARK));
    marked.map_err(|source| DirectoryError::Use {
        path: directory.to_owned(),
        source,
    })
}

/// The store of a directory, which is made if it is missing.
///
/// # Errors
/// It cannot be opened.
pub(crate) fn open(directory: &Path) -> Result<Arc<dyn Store>, DirectoryError> {
    let path = directory.join(STORE);
    match RedbStore::open(&path, RedbOptions::default()) {
        Ok(store) => Ok(Arc::new(store)),
        Err(source) => Err(DirectoryError::Open {
            path,
            source: Box::new(source),
        }),
    }
}

fn refuse_production(directory: &Path) -> Result<(), DirectoryError> {
    let is_there = |name: &str| fs::symlink_metadata(directory.join(name)).is_ok();
    if is_there(STORE) && !is_there(LAPTOP_MARK) {
        return Err(DirectoryError::Production {
            path: directory.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_directory_is_one_processs_at_a_time() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("data");
        let first = Claim::of(&path).unwrap();
        let refused = Claim::of(&path).unwrap_err();
        assert!(matches!(refused, DirectoryError::InUse { .. }), "{refused}");
        drop(first);
        Claim::of(&path).unwrap();
    }

    #[test]
    fn a_store_that_was_not_made_here_stays_as_it_is() {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join(STORE), "of production").unwrap();
        for refused in [Claim::of(directory.path()).map(drop), mark(directory.path())] {
            let refused = refused.unwrap_err();
            assert!(matches!(refused, DirectoryError::Production { .. }), "{refused}");
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_store_of_another_version_is_said_to_be_one_perhaps() {
        let directory = TempDir::new().unwrap();
        mark(directory.path()).unwrap();
        fs::write(directory.path().join(STORE), "of another version").unwrap();
        let said = open(directory.path()).err().unwrap().to_string();
        assert!(said.contains("another release") && said.contains(STORE), "{said}");
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_told_with_what_to_do() {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let said = Claim::of(&file.join("data")).unwrap_err().to_string();
        assert!(said.contains("name another one with --data"), "{said}");
    }
}
