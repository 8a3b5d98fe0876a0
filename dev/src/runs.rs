//! The directory of one run: what servers read from files, and nothing may stay of.
//!
//! Whoever starts removes what runs left behind that did not end by themselves. A run holds a lock for as long as it lives, which
//! the system takes from it however it ends.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use crate::place::{Place, make_private};

/// The directory of all runs.
const RUNS: &str = "runs";

/// The file whose lock a run holds.
const LOCK: &str = "lock";

/// A run.
#[derive(Debug)]
pub struct Run {
    path: PathBuf,
    /// Held until the directory is removed.
    _lock: File,
}

impl Run {
    /// A new one, once what is left of others is gone.
    ///
    /// # Errors
    /// The system's.
    pub fn new(place: &Place) -> io::Result<Self> {
        let runs = place.file(RUNS);
        make_private(&runs)?;
        // One at a time: a directory without a lock is nobody's.
        let _turn = locked(&runs.join(LOCK), FlockOperation::LockExclusive)?;
        sweep(&runs)?;
        let path = runs.join(uuid::Uuid::new_v4().to_string());
        make_private(&path)?;
        // It may be looked at this moment.
        let lock = locked(&path.join(LOCK), FlockOperation::LockExclusive)?;
        Ok(Self { path, _lock: lock })
    }

    /// The directories of those that are alive.
    ///
    /// # Errors
    /// The system's.
    pub fn alive(place: &Place) -> io::Result<Vec<PathBuf>> {
        let runs = match fs::read_dir(place.file(RUNS)) {
            Ok(runs) => runs,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut alive = Vec::new();
        for run in runs {
            let path = run?.path();
            if path.is_dir() && Self::is_alive(&path) {
                alive.push(path);
            }
        }
        Ok(alive)
    }

    /// Its directory, which only this user can open.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the run of a directory is alive.
    pub fn is_alive(directory: &Path) -> bool {
        let file = File::open(directory.join(LOCK));
        file.is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_err())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn locked(path: &Path, operation: FlockOperation) -> io::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    flock(&file, operation)?;
    Ok(file)
}

fn sweep(runs: &Path) -> io::Result<()> {
    for entry in fs::read_dir(runs)? {
        let path = entry?.path();
        if path.is_dir() && !Run::is_alive(&path) {
            match fs::remove_dir_all(&path) {
                // Its own process removed it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_left_is_removed_by_the_next_and_what_lives_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::open(Some(&directory.path().join("dev"))).unwrap();
        let first = Run::new(&place).unwrap();
        fs::write(first.path().join("token"), "a").unwrap();
        let left = place.file(RUNS).join("left");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("token"), "a").unwrap();
        let second = Run::new(&place).unwrap();
        assert!(first.path().join("token").exists() && !left.exists());
        assert!(Run::is_alive(first.path()) && Run::is_alive(second.path()));
        let mut alive = Run::alive(&place).unwrap();
        alive.sort();
        let mut both = vec![first.path().to_owned(), second.path().to_owned()];
        both.sort();
        assert_eq!(alive, both);
        let path = first.path().to_owned();
        drop(first);
        assert!(!path.exists() && !Run::is_alive(&path));
    }
}
