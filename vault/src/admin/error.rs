//! What the admin API answers when a call fails.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use strongroom_wire::admin::AdminRefusal;

use super::{CallerError, events_query::EventsQueryError};
use crate::policy::{
    AcceptError, Closed, ConfirmError, LoadError, NotAccepted, NotAudited, PersistError, PutError, Unfit,
};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// No such path.
    #[error("there is no such path")]
    NoPath,
    /// No such method on this path.
    #[error("the path has no such method")]
    NoMethod,
    /// The client is not the operator.
    #[error(transparent)]
    Caller(#[from] CallerError),
    /// The client's certificate ran out since the handshake.
    #[error("the client certificate has expired")]
    CertificateExpired,
    /// The body is longer than the limit.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// The body did not come in time.
    #[error("the body did not arrive in time")]
    Slow,
    /// The connection broke within the body.
    #[error("the body did not arrive")]
    Broken,
    /// The body is not the JSON of the call.
    #[error("the body cannot be read: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// More objects than one call may ask for.
    #[error("at most {0} objects can be resolved at once")]
    TooManyObjects(usize),
    /// The query of a call for events.
    #[error(transparent)]
    EventsQuery(#[from] EventsQueryError),
    /// The event behind which others are asked for.
    #[error(
        "the vault does not keep that event any more, or never did, so others may be gone too: ask without after, which begins with the oldest that is kept"
    )]
    EventNotKept,
    /// There is no bundle yet.
    #[error("no bundle is in force")]
    NoBundle,
    /// No request is decided.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// A bundle was refused.
    #[error(transparent)]
    Put(#[from] PutError),
    /// A confirmation was refused.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// An older store was not accepted.
    #[error(transparent)]
    Accept(#[from] AcceptError),
    /// A policy record could not be written.
    #[error(transparent)]
    Persist(#[from] PersistError),
    /// A policy record could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The call could not be audited, so it was not done.
    #[error(transparent)]
    Audit(#[from] NotAudited),
    /// The store could not be read.
    #[error("the store cannot be read")]
    Store,
    /// The work ended without an answer.
    #[error("the call ended without an answer")]
    Aborted,
}

impl AdminError {
    /// The status and the word.
    pub const fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoPath => (StatusCode::NOT_FOUND, "NoSuchPath"),
            Self::NoMethod => (StatusCode::METHOD_NOT_ALLOWED, "NoSuchMethod"),
            Self::Caller(_) => (StatusCode::FORBIDDEN, "NotTheOperator"),
            Self::CertificateExpired => (StatusCode::FORBIDDEN, "CertificateExpired"),
            Self::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "TooLarge"),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "Slow"),
            Self::Broken => (StatusCode::BAD_REQUEST, "Broken"),
            Self::Unreadable(_) => (StatusCode::BAD_REQUEST, "Unreadable"),
            Self::TooManyObjects(_) => (StatusCode::BAD_REQUEST, "TooManyObjects"),
            Self::EventsQuery(_) => (StatusCode::BAD_REQUEST, "BadQuery"),
            Self::EventNotKept => (StatusCode::GONE, "EventNotKept"),
            Self::NoBundle => (StatusCode::NOT_FOUND, "NoBundle"),
            Self::Closed(closed) => (StatusCode::SERVICE_UNAVAILABLE, closed_code(*closed)),
            Self::Put(PutError::Unfit(unfit)) => unfit_code(unfit),
            Self::Confirm(ConfirmError::NotInForce { .. }) => (StatusCode::CONFLICT, "NotInForce"),
            Self::Accept(AcceptError::NotAccepted(reason)) => {
                (StatusCode::CONFLICT, not_accepted_code(*reason))
            }
            Self::Put(PutError::Audit(_)) | Self::Accept(AcceptError::Audit(_)) | Self::Audit(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "AuditUnavailable")
            }
            Self::Put(PutError::Persist(_))
            | Self::Confirm(ConfirmError::Persist(_))
            | Self::Accept(AcceptError::Persist(_))
            | Self::Persist(_)
            | Self::Load(_)
            | Self::Store => (StatusCode::SERVICE_UNAVAILABLE, "StoreUnavailable"),
            Self::Aborted => (StatusCode::INTERNAL_SERVER_ERROR, "Aborted"),
        }
    }
}

const fn closed_code(closed: Closed) -> &'static str {
    match closed {
        Closed::NoBundle => "NoBundle",
        Closed::Stale => "Stale",
        Closed::NotCompared => "NotCompared",
        Closed::RolledBack => "RolledBack",
    }
}

/// The status and the word of a bundle that may not be taken.
pub(super) const fn unfit_code(unfit: &Unfit) -> (StatusCode, &'static str) {
    match unfit {
        Unfit::Unreadable(_) | Unfit::NotUnderstood(_) => (StatusCode::UNPROCESSABLE_ENTITY, "NotUnderstood"),
        Unfit::TooLarge(_) => (StatusCode::UNPROCESSABLE_ENTITY, "TooLarge"),
        Unfit::OtherVault { .. } => (StatusCode::CONFLICT, "OtherVault"),
        Unfit::StaleGeneration { .. } => (StatusCode::CONFLICT, "StaleGeneration"),
    }
}

const fn not_accepted_code(reason: NotAccepted) -> &'static str {
    match reason {
        NotAccepted::NotDetected => "NotDetected",
        NotAccepted::OtherGeneration { .. } => "OtherGeneration",
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let (status, code) = self.code();
        if status.is_server_error() {
            tracing::error!(
                code,
                error = &self as &dyn std::error::Error,
                "an admin call failed"
            );
        }
        let refusal = AdminRefusal {
            code: code.to_owned(),
            message: self.to_string(),
        };
        (status, Json(refusal)).into_response()
    }
}
