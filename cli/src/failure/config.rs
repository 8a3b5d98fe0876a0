//! Why the configuration of this program cannot be used.

use std::{io, path::PathBuf};

/// What is wrong with the file of defaults, or with a change of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigFailure {
    /// Nobody says where the file is.
    #[error("where is the configuration? Set HOME, or XDG_CONFIG_HOME to an absolute path")]
    NoHome,
    /// The file cannot be read.
    #[error("the configuration {} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// The file is longer than any.
    #[error("the configuration {} is longer than 64 KiB", .0.display())]
    Long(PathBuf),
    /// The file is no TOML, or has other tables or keys.
    #[error("the configuration {} cannot be used: line {line}: {reason}", path.display())]
    Malformed {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    /// A value in the file is none.
    #[error("the configuration {} cannot be used: {table}: {key}: {reason}", path.display())]
    KeptValue {
        path: PathBuf,
        table: String,
        key: &'static str,
        reason: String,
    },
    /// A value that is to be set is none.
    #[error("{key}: {reason}")]
    Value { key: &'static str, reason: String },
    /// A change that would contradict what stays.
    #[error("vault and namespace would name different namespaces, {vault} and {namespace}: set one of them")]
    TwoNamespaces { vault: String, namespace: String },
    /// The directory cannot be made, or the file cannot take its place.
    #[error("the configuration {} cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// The file cannot be written as TOML.
    #[error("the configuration cannot be written as TOML: {0}")]
    Form(#[from] toml::ser::Error),
}

impl ConfigFailure {
    /// As the help says.
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::NoHome
            | Self::Long(_)
            | Self::Malformed { .. }
            | Self::KeptValue { .. }
            | Self::Value { .. }
            | Self::TwoNamespaces { .. } => 2,
            Self::Read { .. } | Self::Write { .. } | Self::Form(_) => 5,
        }
    }
}
