//! Files that commands write.

use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

use crate::Failure;

/// A file that was not there before, and is removed again unless it is written.
pub(crate) struct NewFile {
    file: std::fs::File,
    what: &'static str,
    path: PathBuf,
    is_written: bool,
}

impl NewFile {
    /// A file of `what` for its owner alone. One that is there stays as it is: it may be the only one.
    pub(crate) fn create(what: &'static str, path: &Path) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|source| failure(what, path, source))?;
        Ok(Self {
            file,
            what,
            path: path.to_owned(),
            is_written: false,
        })
    }

    /// Writes all of it to the disk.
    pub(crate) fn write(mut self, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_all());
        written.map_err(|source| failure(self.what, &self.path, source))?;
        self.is_written = true;
        Ok(self.path.clone())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_written {
            // What cannot be removed is an empty file, which holds nothing of use.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

fn failure(what: &'static str, path: &Path, source: std::io::Error) -> Failure {
    Failure::WriteFile {
        what,
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_takes_the_place_of_no_other_and_none_is_left_behind_when_it_fails() {
        let directory = strongroom_testing::Directory::new();
        let path = directory.path().join("backup");
        drop(NewFile::create("backup", &path).unwrap());
        assert!(!path.exists());
        NewFile::create("backup", &path).unwrap().write(b"first").unwrap();
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let refused = NewFile::create("backup", &path).err().unwrap().to_string();
        assert!(
            refused.starts_with("the backup cannot be written to "),
            "{refused}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
    }
}
