//! Why nothing is decided, and why the policy state could not be read or changed.

use strongroom_core::Generation;
use strongroom_engine::{ObjectError, WriteError};

use super::{fence::Unfit, record::RecordError};

/// Why no request is decided at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Closed {
    /// No bundle came yet, or the one in the store is another release's.
    #[error("the vault has no policy yet")]
    NoBundle,
    /// The operator did not confirm the bundle within the staleness its owner allows.
    #[error("the vault's policy was not confirmed in time")]
    Stale,
    /// The vault started, and the operator has not compared its store with the anchor yet.
    #[error("the vault's store was not compared with its anchor yet")]
    NotCompared,
    /// The store is not the one that was anchored.
    #[error("the vault's store was put back to an older state")]
    RolledBack,
}

/// Why an older store is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// There is nothing to accept: never detected, or accepted before.
    #[error("the vault has detected no rollback, so there is nothing to accept")]
    NotDetected,
    /// Another generation than the one in the store.
    #[error("generation {named} was accepted, but the store is at generation {present}")]
    OtherGeneration {
        /// The generation that the administrator accepts.
        named: u64,
        /// The generation in the store.
        present: u64,
    },
}

/// The store's policy records cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store could not be read.
    #[error("the record {key} cannot be read from the store")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Read {
        key: Box<str>,
        #[source]
        source: ObjectError,
    },
    /// The record is damaged, or another release's.
    #[error("the record {key} cannot be used: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Record {
        key: Box<str>,
        #[source]
        source: RecordError,
    },
}

impl LoadError {
    pub(super) fn of(key: &str, source: RecordError) -> Self {
        let key = key.into();
        Self::Record { key, source }
    }
}

/// A policy record was not written.
#[derive(Debug, thiserror::Error)]
pub enum PersistError {
    /// It could not be made.
    #[error("the policy record cannot be made: {0}")]
    Encode(#[from] RecordError),
    /// The store did not take it.
    #[error("the policy record cannot be written to the store")]
    Write(#[source] WriteError),
}

/// A change could not be written to the audit log, so it was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the change cannot be audited, so it was not made")]
pub struct NotAudited;

/// A bundle was not taken; what was in force stays.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// It may not replace what is in force.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It could not be audited.
    #[error(transparent)]
    Audit(#[from] NotAudited),
    /// It could not be kept.
    #[error(transparent)]
    Persist(#[from] PersistError),
}

impl From<RecordError> for PutError {
    fn from(error: RecordError) -> Self {
        Self::Persist(error.into())
    }
}

/// A bundle was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// Another one is in force, or none.
    #[error("{named} is not in force{}", present.map(|p| format!(", {p} is")).unwrap_or_default())]
    NotInForce {
        /// The generation that the operator confirms.
        named: Generation,
        /// The generation in force.
        present: Option<Generation>,
    },
    /// It could not be kept.
    #[error(transparent)]
    Persist(#[from] PersistError),
}

/// An older store was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// It is not what can be accepted.
    #[error(transparent)]
    NotAccepted(#[from] NotAccepted),
    /// It could not be audited.
    #[error(transparent)]
    Audit(#[from] NotAudited),
    /// It could not be kept.
    #[error(transparent)]
    Persist(#[from] PersistError),
}

/// The store could not be compared with the audit log.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// What was found could not be kept.
    #[error(transparent)]
    Persist(#[from] PersistError),
}
