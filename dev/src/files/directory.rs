//! The directory of the files, which is theirs alone: what else is in it would be removed.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use rustix::process::{getegid, geteuid};

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
    if !is_for_us_alone(path) {
        return Err(FilesError::Shared(PathBuf::from(path)));
    }
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let is_ours = entry.file_name().to_string_lossy().starts_with("..")
            || fs::read_link(entry.path()).is_ok_and(|target| target.starts_with(DATA));
        if !is_ours {
            return Err(FilesError::Taken(PathBuf::from(path)));
        }
    }
    Ok(())
}

/// Whether nobody else comes to the files, which are readable for their group as those of a pod are: the group is this user's own, as
/// most systems give one to each user, or a directory above lets nobody in.
fn is_for_us_alone(path: &Path) -> bool {
    let (user, group) = (geteuid(), getegid());
    let is_private = |above: &Path| {
        fs::metadata(above).is_ok_and(|found| found.uid() == user.as_raw() && found.mode() % 0o100 == 0)
    };
    user.as_raw() == group.as_raw() || path.ancestors().skip(1).any(is_private)
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
        assert!(take(&own).is_err(), "what the user put beside the files stays");
        fs::remove_file(own.join("notes.txt")).unwrap();
        std::os::unix::fs::symlink("..data/password", own.join("password")).unwrap();
        take(&own).unwrap();
        assert!(take(Path::new("relative")).is_err());
    }
}
