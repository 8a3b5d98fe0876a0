//! What can go wrong with a request to a replica's admin listener.

use http::StatusCode;
use strongroom_wire::admin::AdminRefusal;

use crate::transport::{HttpAnswer, TransportError, one_line};

/// Why a replica gave no result.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The replica gave no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The vault refused.
    #[error("the vault refused: {}: {}", refusal.code, refusal.message)]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Refused {
        status: StatusCode,
        refusal: AdminRefusal,
    },
    /// The answer is not the JSON it should be. Admin messages hold no values, so what serde says may be shown; it can
    /// repeat what the vault said, so it is kept to one line of at most 512 characters.
    #[error("the vault's answer is malformed: {0}")]
    Malformed(String),
    /// The bundle is not the one that was put: its bytes have another hash.
    #[error("the vault's bundle is not the one that was brought to it")]
    OtherBundle,
    /// The message cannot be written.
    #[error("the message cannot be written: {0}")]
    Unwritable(serde_json::Error),
}

impl AdminError {
    pub(super) fn malformed(error: &serde_json::Error) -> Self {
        Self::Malformed(one_line(&error.to_string()))
    }

    pub(super) fn refused(answer: &HttpAnswer) -> Self {
        let refusal = serde_json::from_slice(&answer.body).map_or_else(
            |_| AdminRefusal {
                code: "Unknown".to_owned(),
                message: format!("status {} without a refusal", answer.status.as_u16()),
            },
            |refusal: AdminRefusal| AdminRefusal {
                code: one_line(&refusal.code),
                message: one_line(&refusal.message),
            },
        );
        Self::Refused {
            status: answer.status,
            refusal,
        }
    }

    /// The code of a refusal: `StaleGeneration`, `OtherVault`, `NotUnderstood`, `NotInForce`.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { refusal, .. } => Some(&refusal.code),
            Self::Transport(_) | Self::Malformed(_) | Self::OtherBundle | Self::Unwritable(_) => None,
        }
    }

    /// Whether the same request may succeed later although nobody changes anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_retryable(),
            Self::Refused { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Malformed(_) | Self::OtherBundle | Self::Unwritable(_) => false,
        }
    }

    /// What happened, in words of ours alone: they may be shown to people who have nothing to do with the vault's owner.
    /// A vault chooses among them and adds nothing.
    pub fn outline(&self) -> &'static str {
        match self {
            Self::Transport(error) => match error {
                TransportError::Connect { .. } => "it cannot be reached",
                TransportError::Deadline { .. } => "it does not answer in time",
                TransportError::Broken { .. } | TransportError::Truncated { .. } => "the connection breaks",
                TransportError::TooLarge { .. } => "its answer is too large",
                TransportError::Request { .. } => "it cannot be asked",
            },
            Self::Refused { refusal, .. } => match refusal.code.as_str() {
                "NoBundle" => "it has no policy yet",
                "Stale" => "its policy was not confirmed for too long",
                "NotCompared" => "its store was not compared with its anchor yet",
                "RolledBack" => "its store was put back to an older state",
                "AuditUnavailable" => "it cannot write its audit log",
                "StoreUnavailable" => "it cannot use its store",
                _ => "it refuses to answer",
            },
            Self::Malformed(_) | Self::OtherBundle => "its answer cannot be read",
            Self::Unwritable(_) => "it cannot be asked",
        }
    }
}
