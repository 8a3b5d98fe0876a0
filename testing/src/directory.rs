//! A directory of one test, that is gone after it.

use std::{
    fs, io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// How long a vault that stops may go on writing.
const PATIENCE: Duration = Duration::from_secs(5);

/// A directory that is removed with everything in it when this is dropped.
///
/// A vault that is dropped beside it still stops: its threads write to their files for a moment. Where they do while the
/// directory is emptied, it is emptied again, which `tempfile::TempDir` does not do.
#[derive(Debug)]
pub struct Directory(tempfile::TempDir);

impl Directory {
    /// An empty directory.
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while let Err(error) = fs::remove_dir_all(self.path()) {
            if error.kind() == io::ErrorKind::NotFound || Instant::now() > deadline {
                // What stays is for the run of all tests to find.
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_written_to_while_it_is_removed_is_gone() {
        let directory = Directory::new();
        let path = directory.path().to_owned();
        fs::create_dir(path.join("audit")).unwrap();
        let place = path.clone();
        let writer = thread::spawn(move || {
            for number in 0..2_000 {
                drop(fs::write(place.join("audit").join(number.to_string()), "record"));
            }
        });
        drop(directory);
        writer.join().unwrap();
        assert!(!path.exists());
    }
}
