//! PEM text from files that may change, or from memory.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use zeroize::Zeroizing;

use super::TrustError;

/// Where PEM text comes from.
pub(super) enum Pem {
    File(PathBuf),
    Bytes {
        what: &'static str,
        text: Zeroizing<Vec<u8>>,
    },
}

/// What shows that files have changed: a mounted ConfigMap or Secret is replaced, never written to.
pub(super) type Stamp = Vec<Option<Mark>>;

/// The number of a file, when it was written, and how long it is.
type Mark = (u64, SystemTime, u64);

impl Pem {
    pub(super) fn file(path: impl Into<PathBuf>) -> Self {
        Self::File(path.into())
    }

    pub(super) fn bytes(what: &'static str, text: &[u8]) -> Self {
        Self::Bytes {
            what,
            text: Zeroizing::new(text.to_vec()),
        }
    }

    pub(super) fn read(&self) -> Result<Zeroizing<Vec<u8>>, TrustError> {
        match self {
            Self::Bytes { text, .. } => Ok(text.clone()),
            Self::File(path) => fs::read(path)
                .map(Zeroizing::new)
                .map_err(|source| TrustError::Read {
                    path: path.clone(),
                    source,
                }),
        }
    }

    fn mark(&self) -> Option<Mark> {
        match self {
            Self::Bytes { .. } => None,
            Self::File(path) => mark(path),
        }
    }
}

fn mark(path: &Path) -> Option<Mark> {
    let metadata = fs::metadata(path).ok()?;
    Some((number(&metadata), metadata.modified().ok()?, metadata.len()))
}

#[cfg(unix)]
fn number(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

/// Elsewhere a file shows none, and nothing is mounted by a kubelet.
#[cfg(not(unix))]
fn number(_: &fs::Metadata) -> u64 {
    0
}

/// The stamp of several sources.
pub(super) fn stamp<'a>(pems: impl Iterator<Item = &'a Pem>) -> Stamp {
    pems.map(Pem::mark).collect()
}

impl fmt::Display for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Bytes { what, .. } => f.write_str(what),
        }
    }
}
