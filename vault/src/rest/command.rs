//! The request to the engine that a route and its body make.

use strongroom_engine::{ReadRequest, WriteRequest};

use super::body::BodyError;
use crate::access::Failure;

/// A question or a change.
pub(super) enum Command {
    /// A snapshot answers it.
    Read(ReadRequest),
    /// The writer stores it, and answers then.
    Write(WriteRequest),
}

/// Why a route and its body give no command.
#[derive(Debug)]
pub(super) enum CommandError {
    /// The body breaks a rule.
    Body(BodyError),
    /// The request is refused for another reason, as when there is no room for the work that it makes.
    Refused(Failure),
}

impl From<BodyError> for CommandError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}
