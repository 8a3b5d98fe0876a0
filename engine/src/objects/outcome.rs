//! How a change ends.

use strongroom_audit::Entry;

use crate::object::{answer::Answer, error::ObjectError};

/// The queue of the writer holds all it may: 429 with Retry-After.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the vault has more changes waiting than it accepts")]
pub struct QueueFull;

/// Makes the audit record of a change from its outcome. Called on the writer's thread, again if the change has to be
/// decided again.
pub type AuditOf<K> = Box<dyn Fn(&Result<Answer<K>, ObjectError>) -> Entry + Send>;

/// Called with the end of a change: exactly once, on the writer's thread. It must be quick and must not wait.
pub type Done<T> = Box<dyn FnOnce(Result<T, WriteError>) + Send>;

/// Why a change was not made, or is not known to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// It was refused, and the refusal is recorded.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// Its record could not be written, so it was not made: 503 with Retry-After.
    #[error("the audit log cannot take records")]
    AuditUnavailable,
    /// The store's disk is full; nothing was changed: 503 with Retry-After.
    #[error("the store's disk is full")]
    StoreFull,
    /// The store cannot be written; nothing was changed: 503 with Retry-After.
    #[error("the store cannot be written")]
    Unavailable,
    /// Whether it was made is not known: 503; the caller looks before it tries again.
    #[error("whether the change was made is not known")]
    OutcomeUnknown,
}

impl WriteError {
    /// Whether the same change may be accepted later without anybody's help.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Object(ObjectError::Store(_))
            | Self::AuditUnavailable
            | Self::StoreFull
            | Self::Unavailable
            | Self::OutcomeUnknown => true,
            Self::Object(_) => false,
        }
    }
}
