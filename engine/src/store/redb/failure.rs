//! What redb answers, as what it means to a store.

use std::io;

use crate::store::StoreError;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OpenStoreError(#[from] Failure);

/// A step that redb did not do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("the store's file cannot be opened: {0}")]
    Io(#[from] io::Error),
    #[error("the store cannot be opened: {0}")]
    Database(#[from] redb::DatabaseError),
    #[error("{0}")]
    Transaction(#[from] redb::TransactionError),
    #[error("{0}")]
    Table(#[from] redb::TableError),
    #[error("{0}")]
    Storage(#[from] redb::StorageError),
    #[error("{0}")]
    Commit(#[from] redb::CommitError),
    #[error("the file is not a store that this program knows")]
    Header,
    #[error("the store is closed")]
    Closed,
}

impl Failure {
    /// The storage error behind the failure.
    fn storage(&self) -> Option<&redb::StorageError> {
        match self {
            Self::Database(redb::DatabaseError::Storage(error))
            | Self::Transaction(redb::TransactionError::Storage(error))
            | Self::Table(redb::TableError::Storage(error))
            | Self::Storage(error)
            | Self::Commit(redb::CommitError::Storage(error)) => Some(error),
            Self::Io(_)
            | Self::Database(_)
            | Self::Transaction(_)
            | Self::Table(_)
            | Self::Commit(_)
            | Self::Header
            | Self::Closed => None,
        }
    }

    /// Whether there was no room.
    pub(super) fn is_full(&self) -> bool {
        let io = match (self, self.storage()) {
            (Self::Io(error), _) | (_, Some(redb::StorageError::Io(error))) => Some(error.kind()),
            _ => None,
        };
        matches!(
            io,
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        )
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        let text = failure.to_string().into();
        match (&failure, failure.storage()) {
            (Failure::Header, _) | (_, Some(redb::StorageError::Corrupted(_))) => Self::Corrupt(text),
            _ => Self::Unavailable(text),
        }
    }
}
