//! What can go wrong with a request to a vault.

use std::{fmt, time::Duration};

use http::StatusCode;
use serde::Deserialize;
use strongroom_core::limits::VALUE_BYTES;

use crate::{
    retry::Repeatable,
    transport::{HttpAnswer, TransportError, one_line},
};

/// Why a request to a vault has no result.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The vault gave no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The vault refused.
    #[error(transparent)]
    Refused(VaultRefusal),
    /// The answer is not the JSON it should be.
    #[error("the vault's answer is malformed at line {line}, column {column}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Malformed { line: usize, column: usize },
    /// The answer is about another object than was asked for.
    #[error("the vault answered with another object than the one asked for")]
    OtherObject,
    /// A value larger than any secret holds.
    #[error("the vault answered with a value of more than {VALUE_BYTES} bytes")]
    LargeValue,
    /// More pages than the caller wanted.
    #[error("the vault lists more than {0} objects")]
    TooMany(usize),
    /// The token cannot be sent.
    #[error("the vault token is not valid in an HTTP header")]
    Token,
    /// The object to send cannot be written.
    #[error("the request cannot be written as JSON")]
    Unwritable,
}

impl VaultError {
    /// Whether the same request may succeed later although nobody changes anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_retryable(),
            Self::Refused(refusal) => refusal.is_retryable(),
            Self::Malformed { .. }
            | Self::OtherObject
            | Self::LargeValue
            | Self::TooMany(_)
            | Self::Token
            | Self::Unwritable => false,
        }
    }

    /// The vault's refusal, if it is one.
    pub fn refusal(&self) -> Option<&VaultRefusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Transport(_)
            | Self::Malformed { .. }
            | Self::OtherObject
            | Self::LargeValue
            | Self::TooMany(_)
            | Self::Token
            | Self::Unwritable => None,
        }
    }

    /// Whether the request certainly changed nothing.
    fn changed_nothing(&self) -> bool {
        match self {
            Self::Transport(error) => error.was_not_sent(),
            Self::Refused(refusal) => refusal.status == StatusCode::TOO_MANY_REQUESTS,
            Self::Malformed { .. }
            | Self::OtherObject
            | Self::LargeValue
            | Self::TooMany(_)
            | Self::Token
            | Self::Unwritable => false,
        }
    }
}

/// The error of one request, with whether that request may be repeated at all.
impl Repeatable for (VaultError, bool) {
    fn may_repeat(&self) -> bool {
        let (error, repeatable) = self;
        error.is_retryable() && (*repeatable || error.changed_nothing())
    }

    fn asked_delay(&self) -> Option<Duration> {
        self.0.refusal().and_then(|refusal| refusal.retry_after)
    }
}

/// An error body of Azure Key Vault: `{"error":{"code","message","innererror":{"code"}}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct VaultRefusal {
    pub status: StatusCode,
    /// `SecretNotFound`, `Forbidden`, ...; `Unknown` when the body is not an error body.
    pub code: String,
    /// `SecretDisabled`, `ForbiddenByPolicy`, `ObjectIsDeletedButRecoverable`, ...
    pub inner_code: Option<String>,
    /// The sentence, at most 512 characters on one line.
    pub message: String,
    /// How long to wait before asking again, where the vault says so.
    pub retry_after: Option<Duration>,
}

impl std::error::Error for VaultRefusal {}

impl fmt::Display for VaultRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the vault answered {}", self.code)?;
        if let Some(inner) = &self.inner_code {
            write!(f, " ({inner})")?;
        }
        write!(f, ": {}", self.message)
    }
}

#[derive(Deserialize)]
struct Body {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    code: String,
    #[serde(default)]
    message: String,
    innererror: Option<InnerBody>,
}

#[derive(Deserialize)]
struct InnerBody {
    code: String,
}

impl VaultRefusal {
    /// Reads the error body of `answer`.
    pub(crate) fn read(answer: &HttpAnswer) -> Self {
        let error = serde_json::from_slice::<Body>(&answer.body).map_or_else(
            |_| ErrorBody {
                code: "Unknown".to_owned(),
                message: format!("status {} without an error body", answer.status.as_u16()),
                innererror: None,
            },
            |body| body.error,
        );
        Self {
            status: answer.status,
            code: one_line(&error.code),
            inner_code: error.innererror.map(|inner| one_line(&inner.code)),
            message: one_line(&error.message),
            retry_after: answer.retry_after(),
        }
    }

    /// Whether it says "not now" rather than "no".
    pub fn is_retryable(&self) -> bool {
        self.status.is_server_error()
            || self.status == StatusCode::TOO_MANY_REQUESTS
            || self.status == StatusCode::REQUEST_TIMEOUT
    }

    /// Whether the object does not exist.
    pub fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// Whether policy refuses it.
    pub fn is_forbidden(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && !self.is_disabled()
    }

    /// Whether policy refuses it, and says so: not the state of the object, nor a limit or a protection of the vault.
    pub fn is_by_policy(&self) -> bool {
        self.inner_code.as_deref() == Some("ForbiddenByPolicy")
    }

    /// Whether the secret's version is disabled.
    pub fn is_disabled(&self) -> bool {
        self.inner_code.as_deref() == Some("SecretDisabled")
    }

    /// Whether the token itself was refused.
    pub fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }
}
