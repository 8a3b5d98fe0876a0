//! Why an exchange is refused, and the answer that says so: the error of RFC 6749, section 5.2, with a sentence that
//! repeats nothing of the presented tokens.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::{
    cluster_keys::ClusterKeysError, grant::ActorError, presented::PresentedError, resource::ResourceError,
    review::ReviewError, signing_key::SigningError,
};

/// Why an exchange is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeRefusal {
    /// The path names another tenant.
    #[error("The tenant of this address is not this installation's.")]
    Tenant,
    /// The form is longer than two tokens can be.
    #[error("The request is longer than 16 KiB.")]
    TooLarge,
    /// The form does not arrive in time.
    #[error("The form did not arrive in time.")]
    SlowForm,
    /// The body is no form, or a field is given twice.
    #[error("The body must be application/x-www-form-urlencoded with each field at most once.")]
    Form,
    /// Another grant.
    #[error("grant_type must be client_credentials.")]
    GrantType,
    /// Another kind of client authentication.
    #[error("client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer.")]
    AssertionType,
    /// An actor of another kind, or only half of one.
    #[error("actor_token needs actor_token_type urn:ietf:params:oauth:token-type:jwt.")]
    ActorType,
    /// A field is missing.
    #[error("The field {0} is missing.")]
    Missing(&'static str),
    /// This service mints no token for the scope.
    #[error("The scope is refused: {0}.")]
    Scope(#[from] ResourceError),
    /// The client assertion is refused offline.
    #[error("The client assertion is refused: {0}.")]
    Subject(PresentedError),
    /// The actor token is refused offline.
    #[error("The actor token is refused: {0}.")]
    ActorToken(PresentedError),
    /// The client assertion is refused by the review.
    #[error("The client assertion is refused: {0}.")]
    SubjectReview(ReviewError),
    /// The actor token is refused by the review.
    #[error("The actor token is refused: {0}.")]
    ActorReview(ReviewError),
    /// The actor may not ask for this pod.
    #[error("The actor is refused: {0}.")]
    Actor(#[from] ActorError),
    /// The cluster's keys cannot be read.
    #[error("The cluster's keys cannot be read at the moment.")]
    ClusterKeys(#[from] ClusterKeysError),
    /// Too many exchanges of this source.
    #[error("Too many exchanges from this address.")]
    Rate,
    /// Too many exchanges at once.
    #[error("Too many exchanges at once.")]
    Busy,
    /// The exchange took longer than its deadline.
    #[error("The exchange took too long.")]
    Slow,
    /// The token cannot be signed.
    #[error("The token cannot be signed.")]
    Signing(#[from] SigningError),
}

impl ExchangeRefusal {
    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Tenant
            | Self::Form
            | Self::GrantType
            | Self::AssertionType
            | Self::ActorType
            | Self::Missing(_)
            | Self::Scope(_)
            | Self::Actor(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SlowForm => StatusCode::REQUEST_TIMEOUT,
            Self::Subject(_) | Self::ActorToken(_) => StatusCode::UNAUTHORIZED,
            Self::SubjectReview(error) | Self::ActorReview(error) => match error {
                ReviewError::Api(_) => StatusCode::SERVICE_UNAVAILABLE,
                ReviewError::NotAuthenticated | ReviewError::Audience | ReviewError::Mismatch => {
                    StatusCode::UNAUTHORIZED
                }
            },
            Self::Rate => StatusCode::TOO_MANY_REQUESTS,
            Self::ClusterKeys(_) | Self::Busy | Self::Slow => StatusCode::SERVICE_UNAVAILABLE,
            Self::Signing(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The error code of RFC 6749.
    pub(crate) fn error(&self) -> &'static str {
        match self {
            Self::Tenant
            | Self::TooLarge
            | Self::SlowForm
            | Self::Form
            | Self::AssertionType
            | Self::ActorType
            | Self::Missing(_) => "invalid_request",
            Self::GrantType => "unsupported_grant_type",
            Self::Scope(_) => "invalid_scope",
            Self::Subject(_) | Self::ActorToken(_) => "invalid_client",
            Self::SubjectReview(error) | Self::ActorReview(error) => match error {
                ReviewError::Api(_) => "temporarily_unavailable",
                ReviewError::NotAuthenticated | ReviewError::Audience | ReviewError::Mismatch => {
                    "invalid_client"
                }
            },
            Self::Actor(_) => "unauthorized_client",
            Self::ClusterKeys(_) | Self::Rate | Self::Busy | Self::Slow => "temporarily_unavailable",
            Self::Signing(_) => "server_error",
        }
    }

    /// The label in metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::TooLarge => "too_large",
            Self::SlowForm
            | Self::Form
            | Self::GrantType
            | Self::AssertionType
            | Self::ActorType
            | Self::Missing(_) => "form",
            Self::Scope(_) => "scope",
            Self::Subject(_) | Self::ActorToken(_) => "token",
            Self::SubjectReview(error) | Self::ActorReview(error) => match error {
                ReviewError::Api(_) => "unavailable",
                ReviewError::NotAuthenticated | ReviewError::Audience | ReviewError::Mismatch => "review",
            },
            Self::Actor(_) => "actor",
            Self::ClusterKeys(_) | Self::Slow => "unavailable",
            Self::Rate => "rate",
            Self::Busy => "busy",
            Self::Signing(_) => "internal",
        }
    }
}

impl IntoResponse for ExchangeRefusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = json!({ "error": self.error(), "error_description": self.to_string() });
        let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        if matches!(
            status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        ) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
