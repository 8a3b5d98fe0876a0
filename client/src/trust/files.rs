//! PEM text from files that may change, or from memory.

use std::{
    fmt, fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
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
pub(super) type Stamp = Vec<Option<(u64, i64, i64, u64)>>;

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

    fn mark(&self) -> Option<(u64, i64, i64, u64)> {
        match self {
            Self::Bytes { .. } => None,
            Self::File(path) => mark(path),
        }
    }
}

fn mark(path: &Path) -> Option<(u64, i64, i64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((
        metadata.ino(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.len(),
    ))
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
