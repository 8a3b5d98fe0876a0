//! Errors as Azure's clients know them: `{"error":{"code","message","innererror":{"code"}}}`. Clients branch on the
//! codes, so they are exact.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use strongroom_audit::Outcome;
use strongroom_core::Permission;
use strongroom_engine::ObjectError;

use super::{host::HostError, query::QueryError, route::RouteError};
use crate::{auth::AuthError, policy::Closed};

/// How many seconds a caller should wait before it asks again.
const RETRY_AFTER: u32 = 1;

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// The host cannot be told, or is another's.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The request has no valid token.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// A source or an account sends more than it may.
    #[error("Too many requests. Try again after {0} s.")]
    Throttled(u32),
    /// The path or method asks for nothing.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The query is wrong.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The body is wrong.
    #[error(transparent)]
    Body(#[from] super::body::BodyError),
    /// Policy does not allow it.
    #[error("The caller does not have {0} permission on this object of this vault, or it does not exist.")]
    Forbidden(Permission),
    /// Policy cannot be asked.
    #[error("The vault answers no data now: {0}.")]
    Closed(#[from] Closed),
    /// The engine refuses it.
    #[error("{0}")]
    Object(#[from] ObjectError),
    /// The record of the request cannot be kept, so it is not answered.
    #[error("The vault cannot write its audit log now.")]
    Audit,
    /// The write queue is full.
    #[error("The vault has too many writes waiting. Try again after {RETRY_AFTER} s.")]
    Busy,
    /// The store cannot take writes.
    #[error("The vault cannot store changes now.")]
    Storage,
    /// Whether a write was kept is not known.
    #[error("The vault cannot tell whether the change was stored.")]
    Unknown,
}

/// What every kind of error is answered with.
struct Shape {
    status: StatusCode,
    code: &'static str,
    inner: Option<&'static str>,
    retry_after: Option<u32>,
}

impl Shape {
    const fn new(status: StatusCode, code: &'static str) -> Self {
        Self {
            status,
            code,
            inner: None,
            retry_after: None,
        }
    }

    const fn inner(self, inner: &'static str) -> Self {
        Self {
            inner: Some(inner),
            ..self
        }
    }

    const fn retry(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    const fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable").retry(RETRY_AFTER)
    }

    const fn bad_parameter() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadParameter")
    }

    const fn conflict() -> Self {
        Self::new(StatusCode::CONFLICT, "Conflict")
    }

    const fn forbidden(inner: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden").inner(inner)
    }
}

impl ApiError {
    fn shape(&self) -> Shape {
        match self {
            Self::Host(HostError::Other) => Shape::new(StatusCode::MISDIRECTED_REQUEST, "MisdirectedRequest"),
            Self::Host(HostError::Malformed)
            | Self::Query(_)
            | Self::Route(RouteError::Path | RouteError::Name(_)) => Shape::bad_parameter(),
            Self::Auth(_) => Shape::new(StatusCode::UNAUTHORIZED, "Unauthorized"),
            Self::Throttled(seconds) => {
                Shape::new(StatusCode::TOO_MANY_REQUESTS, "Throttled").retry(*seconds)
            }
            Self::Busy => Shape::new(StatusCode::TOO_MANY_REQUESTS, "Throttled").retry(RETRY_AFTER),
            Self::Route(RouteError::Unknown) => Shape::new(StatusCode::NOT_FOUND, "NotFound"),
            Self::Route(RouteError::Method(_)) => {
                Shape::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed")
            }
            Self::Body(error) => Shape::new(error.status(), "BadParameter"),
            Self::Forbidden(_) => Shape::forbidden("ForbiddenByPolicy"),
            Self::Closed(_) => Shape::unavailable().inner("PolicyUnavailable"),
            Self::Object(error) => shape_of(error),
            Self::Audit => Shape::unavailable().inner("AuditUnavailable"),
            Self::Storage => Shape::unavailable().inner("StorageUnavailable"),
            Self::Unknown => Shape::unavailable().inner("OutcomeUnknown"),
        }
    }

    /// What the audit log says of it: the inner code where there is one, as it tells more.
    pub(crate) fn outcome(&self) -> Outcome {
        let shape = self.shape();
        Outcome::failure(shape.status.as_u16(), shape.inner.unwrap_or(shape.code))
    }

    /// The sentence for the caller.
    fn message(&self) -> String {
        match self {
            Self::Auth(AuthError::Missing) => "AKV10000: Request is missing a Bearer or PoP token.".into(),
            Self::Auth(error) => format!("Error validating token: {error}."),
            Self::Host(_) | Self::Route(_) => format!("{self}."),
            _ => self.to_string(),
        }
    }
}

fn shape_of(error: &ObjectError) -> Shape {
    match error {
        ObjectError::SecretNotFound { .. } => Shape::new(StatusCode::NOT_FOUND, "SecretNotFound"),
        ObjectError::SecretDisabled { .. } => Shape::forbidden("SecretDisabled"),
        ObjectError::DeletedButRecoverable { .. } => Shape::conflict().inner("ObjectIsDeletedButRecoverable"),
        ObjectError::NameInUse { .. } => Shape::conflict(),
        ObjectError::PurgeProtected { .. } => Shape::forbidden("ForbiddenByPolicy"),
        ObjectError::BadParameter(_) => Shape::bad_parameter(),
        ObjectError::Corrupt { .. } => Shape::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
        ObjectError::Store(_) => Shape::unavailable().inner("StorageUnavailable"),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let shape = self.shape();
        let mut error = json!({ "code": shape.code, "message": self.message() });
        if let (Some(inner), Some(members)) = (shape.inner, error.as_object_mut()) {
            members.insert("innererror".into(), json!({ "code": inner }));
        }
        let mut response = Response::new(Body::from(json!({ "error": error }).to_string()));
        *response.status_mut() = shape.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        if let Some(seconds) = shape.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Self::Route(RouteError::Method(allowed)) = self {
            headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
        }
        response
    }
}
