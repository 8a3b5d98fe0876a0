//! The files of a volume on disk, replaced all at once.
//!
//! ```text
//!   MOUNT/..2026_11_22_01_29_03.123456789/tls/tls.crt
//!   MOUNT/..data -> ..2026_11_22_01_29_03.123456789     renamed over the old one: the moment of change
//!   MOUNT/tls    -> ..data/tls
//! ```
//!
//! The layout of the kubelet's own atomic writer, so that whatever follows changes of a ConfigMap follows these too.

mod read;
mod write;

use std::{
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use rustix::{
    fd::OwnedFd,
    fs::{FlockOperation, Mode, OFlags, flock, open},
    io::Errno,
};

use super::Image;

/// The symlink whose rename changes every file at once.
const DATA: &str = "..data";

/// An open volume.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
    path: PathBuf,
}

/// A step on the volume's files that failed.
#[derive(Debug, thiserror::Error)]
#[error("failed to {step} {name} in {volume}: {source}")]
pub struct TreeError {
    step: &'static str,
    name: String,
    volume: PathBuf,
    #[source]
    source: io::Error,
}

impl TreeError {
    /// One for the page of every sentence.
    pub(crate) fn sample() -> Self {
        Self {
            step: "write",
            name: "password".to_owned(),
            volume: "/var/lib/kubelet/plugins/csi.strongroom.dev/volumes/ID".into(),
            source: io::ErrorKind::StorageFull.into(),
        }
    }

    /// Whether the volume has no room: more bytes or files than its tmpfs holds.
    pub fn is_full(&self) -> bool {
        self.source.kind() == io::ErrorKind::StorageFull
    }
}

/// What a write did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The files already were as asked.
    Unchanged,
    /// The files were replaced.
    Replaced,
}

impl Tree {
    /// Opens the volume mounted at `path`.
    pub fn open(path: &Path) -> Result<Self, TreeError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match open(path, flags, Mode::empty()) {
            Ok(root) => Ok(Self {
                root,
                path: path.to_owned(),
            }),
            Err(errno) => Err(TreeError {
                step: "open",
                name: "/".into(),
                volume: path.to_owned(),
                source: errno.into(),
            }),
        }
    }

    /// Whether the volume was completely written once.
    pub fn is_filled(&self) -> bool {
        read::data_directory(self).is_ok_and(|name| name.is_some())
    }

    /// What the files hold now.
    pub fn read(&self) -> Result<Image, TreeError> {
        read::image(self)
    }

    /// Makes the files those of `image`, all in one moment, unless they already are. `now` names the new directory.
    pub fn write(&self, image: &Image, now: Timestamp) -> Result<Written, TreeError> {
        // Two drivers run while one takes over from the other; the second one tries again later.
        self.step(
            "lock",
            "/",
            flock(&self.root, FlockOperation::NonBlockingLockExclusive),
        )?;
        let written = self.write_locked(image, now);
        self.step("unlock", "/", flock(&self.root, FlockOperation::Unlock))?;
        written
    }

    fn write_locked(&self, image: &Image, now: Timestamp) -> Result<Written, TreeError> {
        if self.is_filled() && read::image(self)? == *image {
            return Ok(Written::Unchanged);
        }
        write::replace(self, image, &stamp(now))?;
        Ok(Written::Replaced)
    }

    fn step<T>(&self, step: &'static str, name: &str, result: Result<T, Errno>) -> Result<T, TreeError> {
        self.io(step, name, result.map_err(io::Error::from))
    }

    fn io<T>(&self, step: &'static str, name: &str, result: io::Result<T>) -> Result<T, TreeError> {
        result.map_err(|source| TreeError {
            step,
            name: name.into(),
            volume: self.path.clone(),
            source,
        })
    }
}

/// The name of the directory that is written at `now`.
fn stamp(now: Timestamp) -> String {
    format!(
        "..{}.{:09}",
        now.strftime("%Y_%m_%d_%H_%M_%S"),
        now.subsec_nanosecond()
    )
}
