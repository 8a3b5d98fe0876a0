//! The directory of the files, which is theirs alone: what else is in it would be removed.

use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use super::FilesError;

/// The link by which such a directory is known.
const DATA: &str = "..data";

/// Makes the directory, or takes one that is empty or holds such files already.
pub(super) fn take(path: &Path) -> Result<(), FilesError> {
    let failed = |source| FilesError::Directory {
        path: path.to_owned(),
        source,
    };
    if !path.is_absolute() {
        return Err(failed(std::io::ErrorKind::InvalidFilename.into()));
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed)?;
    let is_ours = fs::symlink_metadata(path.join(DATA)).is_ok_and(|found| found.is_symlink());
    if is_ours || fs::read_dir(path).map_err(failed)?.next().is_none() {
        Ok(())
    } else {
        Err(FilesError::Taken(PathBuf::from(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_something_else_in_it_is_not_taken() {
        let place = tempfile::tempdir().unwrap();
        let own = place.path().join("a/b");
        take(&own).unwrap();
        fs::write(own.join("notes.txt"), "mine").unwrap();
        let refused = take(&own).unwrap_err();
        assert!(matches!(refused, FilesError::Taken(_)), "{refused}");
        std::os::unix::fs::symlink("..1", own.join(DATA)).unwrap();
        take(&own).unwrap();
        assert!(take(Path::new("relative")).is_err());
    }
}
