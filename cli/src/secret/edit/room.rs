//! A place in memory for a file that is edited.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::rand;
use secrecy::SecretString;
use strongroom_core::{ObjectName, limits::VALUE_BYTES};

use crate::{
    Failure,
    failure::SecretFailure,
    value::{self, Source},
};

/// A directory for this user alone on a tmpfs. An editor may write further files beside the one that it edits; everything is
/// wiped when this is dropped.
pub(super) struct Room(PathBuf);

impl Room {
    /// A new one.
    pub(super) fn in_memory() -> Result<Self, SecretFailure> {
        let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let shared = PathBuf::from("/dev/shm");
        let found = own
            .into_iter()
            .chain([shared])
            .find_map(|place| Self::below(&place));
        found.ok_or(SecretFailure::NoMemory)
    }

    /// One below `place`, if that is a tmpfs in which this user may have a directory.
    fn below(place: &Path) -> Option<Self> {
        let mut bytes = [0; 8];
        rand::fill(&mut bytes).ok()?;
        let path = place.join(format!("strongroom-edit-{}", hex::encode(bytes)));
        if !place.is_absolute() || !is_memory(place) {
            return None;
        }
        // It must not be there: in a directory that others share, it could be theirs.
        DirBuilder::new().mode(0o700).create(&path).ok()?;
        Some(Self(path))
    }

    /// Writes a value into a file with the name of its secret.
    pub(super) fn write(&self, name: &ObjectName, value: &str) -> Result<PathBuf, Failure> {
        let path = self.0.join(name.as_str());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let written = options
            .open(&path)
            .and_then(|mut file| file.write_all(value.as_bytes()));
        written.map_err(SecretFailure::EditedFile)?;
        Ok(path)
    }

    /// Reads what the file holds now; an editor may have put another one in its place.
    pub(super) fn read(file: &Path) -> Result<SecretString, Failure> {
        let is_file = fs::symlink_metadata(file).map(|found| found.is_file());
        if !is_file.map_err(SecretFailure::EditedFile)? {
            return Err(SecretFailure::EditedFile(io::ErrorKind::InvalidInput.into()).into());
        }
        // One byte for the newline that an editor adds.
        let bytes = Source::file(file)?.bytes(VALUE_BYTES + 1)?;
        let bytes = bytes.ok_or(Failure::ValueTooLong)?;
        if bytes.len() > VALUE_BYTES {
            return value::text(&bytes, true);
        }
        value::text(&bytes, false)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // What cannot be wiped is removed all the same, and what cannot be removed is for this user alone.
        for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            drop(wipe(&entry.path()));
        }
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Writes zeros over a file.
fn wipe(path: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(path)?;
    if found.is_file() {
        let length = usize::try_from(found.len()).unwrap_or_default();
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.write_all(&vec![0; length])?;
    }
    Ok(())
}

/// Whether files below `path` lie in memory.
#[cfg(target_os = "linux")]
fn is_memory(path: &Path) -> bool {
    /// The magic number of tmpfs (linux/magic.h).
    const TMPFS: u64 = 0x0102_1994;
    rustix::fs::statfs(path).is_ok_and(|found| u64::try_from(found.f_type) == Ok(TMPFS))
}

/// Whether files below `path` lie in memory: no other system says.
#[cfg(not(target_os = "linux"))]
fn is_memory(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_file_is_for_its_user_alone_and_goes_with_everything_beside_it() {
        let room = Room::in_memory().unwrap();
        let file = room.write(&"db".parse().unwrap(), "CANARY").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&room.0), mode(&file)), (0o700, 0o600));
        assert_eq!(Room::read(&file).unwrap().expose_secret(), "CANARY");
        fs::write(room.0.join(".db.swp"), "CANARY").unwrap();
        let path = room.0.clone();
        drop(room);
        assert!(!path.exists());
    }

    #[test]
    fn a_wiped_file_holds_nothing_of_what_it_held() {
        let directory = strongroom_testing::Directory::new();
        let path = directory.path().join("db");
        fs::write(&path, "CANARY").unwrap();
        wipe(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), [0; 6]);
    }

    #[test]
    fn a_place_that_is_not_in_memory_is_none() {
        for place in ["/proc", "/nonexistent", "dev/shm", ""] {
            assert!(Room::below(Path::new(place)).is_none(), "{place}");
        }
    }

    #[test]
    fn a_link_in_the_place_of_the_file_is_not_followed() {
        let room = Room::in_memory().unwrap();
        let file = room.write(&"db".parse().unwrap(), "x").unwrap();
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &file).unwrap();
        assert!(Room::read(&file).is_err());
    }
}
