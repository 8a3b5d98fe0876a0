//! Where things are kept on this machine.

use std::{
    env, fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

/// Names the directory, in the place of the user's own.
const VARIABLE: &str = "STRONGROOM_DEV_DIR";

/// Why there is no place for files.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Nothing says where the user's files are.
    #[error("there is no home directory: name one with STRONGROOM_DEV_DIR or --dev-dir")]
    NoHome,
    /// The directory cannot be made.
    #[error("cannot make {}: {source}", path.display())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Make { path: PathBuf, source: io::Error },
    /// Somebody else owns the directory, or can look into it.
    #[error(
        "{} is open to other users of this machine: it must be yours, with the mode 0700",
        path.display()
    )]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Open { path: PathBuf },
}

/// The directory of this user, which holds the authority of this machine and what says how a running vault is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(PathBuf);

impl Place {
    /// The directory of the user, or the one that is named, which is made if it is missing. Nobody else can look into it.
    ///
    /// # Errors
    /// There is none, or it cannot be made.
    pub fn open(named: Option<&Path>) -> Result<Self, PlaceError> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => usual(|name| {
                env::var_os(name)
                    .filter(|value| !value.is_empty())
                    .map(PathBuf::from)
            })
            .ok_or(PlaceError::NoHome)?,
        };
        make_private(&path).map_err(|source| PlaceError::Make {
            path: path.clone(),
            source,
        })?;
        if is_private(&path) {
            Ok(Self(path))
        } else {
            Err(PlaceError::Open { path })
        }
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// Where a user's programs keep their data.
fn usual(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if let Some(named) = variable(VARIABLE) {
        return Some(named);
    }
    let data = if let Some(data) = variable("XDG_DATA_HOME") {
        data
    } else if cfg!(target_os = "macos") {
        variable("HOME")?.join("Library/Application Support")
    } else {
        variable("HOME")?.join(".local/share")
    };
    Some(data.join("strongroom").join("dev"))
}

/// Makes a directory, with those above it, that only its owner can open.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path)
}

/// Whether a directory is this user's, and nobody else can look into it.
fn is_private(path: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    fs::metadata(path).is_ok_and(|found| found.uid() == own && found.mode() % 0o100 == 0)
}

/// Writes a file that only its owner can read, in the place of one that is there.
///
/// # Errors
/// The system's.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    written(path, bytes)?.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The same, unless there is such a file: of several writers the first is the one.
pub(crate) fn keep_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match written(path, bytes)?.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

fn written(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // The library makes files that nobody else can read.
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// The text of a file of at most so many bytes.
pub(crate) fn read_bounded(file: impl io::Read, most: u64) -> io::Result<String> {
    let mut text = String::new();
    let length = file.take(most + 1).read_to_string(&mut text)?;
    if u64::try_from(length).is_ok_and(|length| length <= most) {
        Ok(text)
    } else {
        Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {most} bytes"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn of(variables: &[(&str, &str)]) -> Option<PathBuf> {
        usual(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| PathBuf::from(value))
        })
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_users_own_directory_is_where_the_system_says() {
        assert_eq!(
            of(&[("HOME", "/h")]),
            Some("/h/.local/share/strongroom/dev".into())
        );
        assert_eq!(
            of(&[("HOME", "/h"), ("XDG_DATA_HOME", "/d")]),
            Some("/d/strongroom/dev".into())
        );
        assert_eq!(of(&[("HOME", "/h"), (VARIABLE, "/x")]), Some("/x".into()));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn nobody_else_can_look_into_what_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b");
        let place = Place::open(Some(&path)).unwrap();
        let file = place.file("f");
        write_private(&file, b"1").unwrap();
        write_private(&file, b"2").unwrap();
        keep_private(&file, b"3").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&file)), (0o700, 0o600));
        assert_eq!(fs::read(&file).unwrap(), b"2");
    }

    #[test]
    fn a_directory_that_others_can_look_into_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o750)).unwrap();
        let refused = Place::open(Some(directory.path())).unwrap_err();
        assert!(matches!(refused, PlaceError::Open { .. }), "{refused}");
    }

    #[test]
    fn a_file_without_an_end_is_not_read() {
        assert!(read_bounded(io::repeat(b'a'), 100).is_err());
        assert_eq!(read_bounded(&b"abc"[..], 3).unwrap(), "abc");
    }
}
