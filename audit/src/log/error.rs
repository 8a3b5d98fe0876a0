//! Why a log cannot be opened or a record cannot be appended.

use std::{io, path::PathBuf};

use crate::config::Class;

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made or listed.
    #[error("cannot use the audit directory {}", .dir.display())]
    Dir {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process writes this log.
    #[error("another process writes the audit log in {}", .0.display())]
    InUse(PathBuf),
    /// A segment cannot be read.
    #[error("cannot read the audit segment {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The first record cannot be written.
    #[error("cannot write the audit log in {}", .dir.display())]
    Write {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: AppendError,
    },
    /// The thread that syncs cannot be started.
    #[error("cannot start the audit log's thread")]
    Thread(#[source] io::Error),
    /// The log is of another vault or replica.
    #[error("the audit log in {} is that of replica {replica:?} of vault {vault_id:?}", .dir.display())]
    OtherLog {
        /// The directory.
        dir: PathBuf,
        /// The vault that its newest segment names.
        vault_id: String,
        /// The replica that it names.
        replica: String,
    },
}

/// Why a record was not appended. The request it was about must not be answered: 503 with Retry-After.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The log holds all it may for records of this class. Mends itself when segments are removed.
    #[error("the audit log's quota for {class:?} records is used up: {bytes} of {limit} bytes")]
    QuotaReached {
        /// The class.
        class: Class,
        /// Bytes held.
        bytes: u64,
        /// Bytes that may be held for that class.
        limit: u64,
    },
    /// Records of this class have taken all that they may for now. They are to be counted instead.
    #[error("the audit log's budget for {0:?} records is spent")]
    BudgetSpent(Class),
    /// The file was removed, replaced or changed. A new segment is begun within a quarter of a second if it can be.
    #[error("the audit log's file was removed or changed, or its directory cannot be written")]
    Lost,
    /// The file did not take the record.
    #[error("cannot append to the audit segment {segment}")]
    Write {
        /// The segment's file name.
        segment: String,
        /// Why.
        source: io::Error,
    },
    /// Records that were to be written in one go with this one were not taken, and neither was this one.
    #[error("the records that were to be written with this one were not taken")]
    Together,
    /// The next segment cannot be begun.
    #[error("cannot begin an audit segment in {}", .dir.display())]
    Segment {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The record was appended but did not reach the disk ([`crate::SyncMode::Always`]); or what was appended before did
    /// not, and until a sync succeeds nothing is taken.
    #[error("the audit record was not synced to the disk")]
    NotSynced,
    /// An append or a sync does not end. Nobody waits for it.
    #[error("the disk of the audit log does not answer")]
    Hangs,
    /// Records of writes that were drained before did not reach the disk: [`crate::Log::drain_again`] says from where on
    /// they are to be drained once more.
    #[error("records that the audit log had taken are to be drained again")]
    DrainAgain,
}

impl AppendError {
    /// Whether the same append may succeed later without anybody's help. Always: a log keeps trying.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::QuotaReached { .. }
            | Self::BudgetSpent(_)
            | Self::Lost
            | Self::Write { .. }
            | Self::Together
            | Self::Segment { .. }
            | Self::NotSynced
            | Self::Hangs
            | Self::DrainAgain => true,
        }
    }
}
