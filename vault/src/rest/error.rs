//! Errors as Azure's clients know them: `{"error":{"code","message","innererror":{"code"}}}`. Clients branch on the
//! codes, so they are exact.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::{
    answer::Unwritable,
    body::BodyError,
    host::HostError,
    query::QueryError,
    route::{RouteError, Verbs},
};
use crate::{
    access::{Failure, Refused},
    auth::AuthError,
    keys::statement::Unsigned,
};

/// What is wrong with the form of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    /// The path or method asks for nothing.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The query breaks a rule.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The body breaks a rule.
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl FormError {
    /// The failure that it is.
    pub(crate) const fn failure(self) -> Failure {
        match self {
            Self::Route(RouteError::Unknown) => Failure::NoSuchOperation,
            Self::Route(RouteError::Method(_) | RouteError::Nameless(_)) => Failure::NoSuchMethod,
            Self::Body(BodyError::TooLong(_)) => Failure::BodyTooLong,
            Self::Body(BodyError::Timeout) => Failure::BodyTooSlow,
            Self::Route(RouteError::Path | RouteError::Name(_) | RouteError::NamedMethod)
            | Self::Query(_)
            | Self::Body(
                BodyError::BrokenOff
                | BodyError::Json { .. }
                | BodyError::NotAnObject
                | BodyError::Member(_)
                | BodyError::Twice(_)
                | BodyError::Missing(_)
                | BodyError::TooDeep
                | BodyError::ValueInUpdate
                | BodyError::Exportable
                | BodyError::ReleasePolicy
                | BodyError::VersionedReleasePolicy
                | BodyError::UnknownAuthority
                | BodyError::Policy(_)
                | BodyError::NoHsm
                | BodyError::Rotation(_)
                | BodyError::Base64,
            ) => Failure::Malformed,
        }
    }
}

/// An error on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: u16,
    /// The most exact word there is.
    word: &'static str,
    message: String,
    retry_after: Option<u32>,
    allow: Option<Verbs>,
}

impl Problem {
    fn new(status: u16, word: &'static str, message: String) -> Self {
        Self {
            status,
            word,
            message,
            retry_after: None,
            allow: None,
        }
    }

    /// The refusal of a request for its form; unless its record could not be kept, which then is the problem.
    pub(crate) fn of_form(error: FormError, refused: &Refused) -> Self {
        if *refused.failure() == error.failure() {
            error.into()
        } else {
            refused.failure().into()
        }
    }

    /// The same in another sentence.
    pub(crate) fn saying(self, message: String) -> Self {
        Self { message, ..self }
    }

    /// The status.
    pub(crate) const fn status(&self) -> u16 {
        self.status
    }

    /// The word inside, where it says more than the code.
    pub(crate) fn inner_code(&self) -> Option<&'static str> {
        Some(self.word).filter(|word| *word != self.code())
    }

    /// The sentence.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Azure's code: where several words share a status, the code is the status's and the word goes inside.
    pub(crate) const fn code(&self) -> &'static str {
        match self.status {
            403 => "Forbidden",
            // Azure's code for a certificate whose operation is in progress is that of another status.
            409 => match self.word.as_bytes() {
                b"Forbidden" => "Forbidden",
                _ => "Conflict",
            },
            503 => "ServiceUnavailable",
            _ => self.word,
        }
    }
}

impl From<FormError> for Problem {
    fn from(error: FormError) -> Self {
        let allow = match error {
            FormError::Route(RouteError::Method(allow)) => Some(allow),
            FormError::Route(RouteError::Nameless(_)) => Some(Verbs::default()),
            FormError::Route(_) | FormError::Query(_) | FormError::Body(_) => None,
        };
        Self {
            message: error.to_string(),
            allow,
            ..Self::from(&error.failure())
        }
    }
}

impl From<&Failure> for Problem {
    fn from(failure: &Failure) -> Self {
        let outcome = failure.outcome();
        let word = outcome.code.unwrap_or_default();
        Self {
            retry_after: failure.retry_after(),
            ..Self::new(outcome.status, word, failure.to_string())
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        refused.failure().into()
    }
}

impl From<HostError> for Problem {
    fn from(error: HostError) -> Self {
        let (status, word) = match error {
            HostError::Other => (421, "MisdirectedRequest"),
            HostError::Malformed => (400, "BadParameter"),
        };
        Self::new(status, word, error.to_string())
    }
}

impl From<Unwritable> for Problem {
    fn from(error: Unwritable) -> Self {
        Self::new(500, "InternalServerError", error.to_string())
    }
}

impl From<Unsigned> for Problem {
    fn from(error: Unsigned) -> Self {
        Self::new(500, "InternalServerError", error.to_string())
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let message = match error {
            AuthError::Missing => "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token.".into(),
            error => format!("Error validating token: {error}."),
        };
        Self::new(401, "Unauthorized", message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code(), "message": self.message });
        if let Some((members, inner)) = error.as_object_mut().zip(self.inner_code()) {
            members.insert("innererror".into(), json!({ "code": inner }));
        }
        let mut response = Response::new(Body::from(json!({ "error": error }).to_string()));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = self
            .allow
            .and_then(|verbs| HeaderValue::try_from(verbs.to_string()).ok())
        {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}
