//! Why a question about policies, or a SecretRef, comes to nothing.

use std::{io, path::PathBuf};

/// Why a question about policies, or a SecretRef, comes to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PolicyFailure {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A file is no YAML.
    #[error(
        "{} cannot be read as YAML{}; of a template, give what it renders",
        path.display(),
        line.map(|line| format!(" in line {line}")).unwrap_or_default()
    )]
    Yaml { path: PathBuf, line: Option<u64> },
    /// An object of ours is not what a cluster takes.
    #[error("{}: {object}: {reason}", path.display())]
    Object {
        path: PathBuf,
        object: String,
        reason: String,
    },
    /// A policy is there twice.
    #[error("the AccessPolicy {0} is there twice: leave out one of them")]
    Twice(String),
    /// No policy is in the files.
    #[error(
        "there is no AccessPolicy in the files: give the files or directories that hold them, and -R for what is below these"
    )]
    NoPolicy,
    /// The files do not hold the SecretRef.
    #[error("there is no SecretRef {0} in the files")]
    NoReference(String),
    /// A SecretRef has something that this release cannot read.
    #[error("the SecretRef {reference} cannot be used: {reason}")]
    Reference { reference: String, reason: String },
    /// A pod mounts no SecretRef.
    #[error("the pod {0} mounts no SecretRef")]
    NoVolume(String),
    /// Nothing is refused.
    #[error("the SecretRefs of the pod {0} name no object that its service account is refused")]
    NothingRefused(String),
    /// No cluster object has such a name.
    #[error("a pod has no service account with the name {0}")]
    Account(String),
    /// Two arguments name the namespace of a SecretRef, and not the same.
    #[error(
        "NAME and --service-account name different namespaces: pods mount a SecretRef of their own namespace, and run as an \
         account of it"
    )]
    TwoNamespaces,
    /// A file of a new SecretRef cannot be.
    #[error("--file {path}: {reason}")]
    File { path: String, reason: String },
    /// Two files of a SecretRef are in each other's way.
    #[error("--file {0}: another file has that path, or a path below it")]
    Paths(String),
    /// More files than a SecretRef has.
    #[error("a SecretRef has at most {0} files")]
    Files(usize),
    /// It is not known which container is to have the files.
    #[error("{workload} has the containers {containers}: give --container for those that read the files")]
    Container { workload: String, containers: String },
}

impl PolicyFailure {
    /// As the help says.
    pub(super) const fn exit_code(&self) -> u8 {
        match self {
            Self::Read { .. }
            | Self::Yaml { .. }
            | Self::Object { .. }
            | Self::Twice(_)
            | Self::NoPolicy
            | Self::NoReference(_)
            | Self::TwoNamespaces
            | Self::File { .. }
            | Self::Paths(_)
            | Self::Files(_)
            | Self::Container { .. } => 2,
            Self::Reference { .. } | Self::NoVolume(_) | Self::NothingRefused(_) | Self::Account(_) => 1,
        }
    }
}
