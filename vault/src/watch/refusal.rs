//! Why a subscription ends, and why a stream does.

use strongroom_core::Permission;
use strongroom_wire::watch::{Revoked, revoked::Reason};
use tonic::Status;

use super::{registry::Full, request::Invalid, subscription::OtherHolder};
use crate::{access::Failure, auth::AuthError};

/// Why a subscription was not made, or has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum SubscriptionRefusal {
    #[error(transparent)]
    Token(#[from] AuthError),
    #[error("the token could not be verified in time")]
    Unverified,
    #[error(transparent)]
    OtherHolder(#[from] OtherHolder),
    #[error("the subscription's token has expired")]
    Expired,
    #[error("a stream has at most {0} subscriptions")]
    Subscriptions(usize),
    #[error(transparent)]
    Full(#[from] Full),
    #[error("a subscription has at most {0} objects")]
    Objects(usize),
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("policy allows the account to get none of the objects")]
    Forbidden,
    #[error("the account sends too many requests")]
    Throttled,
}

impl SubscriptionRefusal {
    const fn reason(self) -> Reason {
        match self {
            Self::Token(AuthError::Expired) | Self::Expired => Reason::TokenExpired,
            Self::Token(
                AuthError::Missing
                | AuthError::TooLong
                | AuthError::Malformed
                | AuthError::Header
                | AuthError::UnknownKey
                | AuthError::Signature
                | AuthError::Issuer
                | AuthError::Audience
                | AuthError::NotYetValid
                | AuthError::Lifetime
                | AuthError::Subject,
            )
            | Self::Unverified
            | Self::OtherHolder(_) => Reason::TokenRefused,
            Self::Subscriptions(_) | Self::Full(_) | Self::Objects(_) | Self::Throttled => Reason::Limit,
            Self::Invalid(_) => Reason::Invalid,
            Self::Forbidden => Reason::Forbidden,
        }
    }

    /// What access records the refusal as.
    pub(super) const fn failure(self) -> Failure {
        match self.reason() {
            Reason::TokenRefused | Reason::TokenExpired => Failure::OtherHolder,
            Reason::Limit => Failure::Limit,
            Reason::Invalid | Reason::Unspecified => Failure::Malformed,
            Reason::Forbidden => Failure::Forbidden(Permission::SecretGet),
        }
    }

    /// The message that ends the subscription `id`.
    pub(super) fn revoked(self, id: String) -> Revoked {
        Revoked {
            id,
            reason: self.reason().into(),
            message: self.to_string(),
        }
    }
}

/// Why a stream ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamEnd {
    #[error("the client has gone")]
    Gone,
    #[error("the vault is shutting down")]
    Draining,
    #[error("{0}")]
    Failed(#[from] Failure),
    #[error("the stream has no subscription")]
    Unproven,
    #[error("the client does not read")]
    Slow,
    #[error("the message is of a kind that this release does not know")]
    UnknownMessage,
}

impl From<StreamEnd> for Status {
    fn from(end: StreamEnd) -> Self {
        let text = end.to_string();
        match end {
            StreamEnd::Gone => Self::cancelled(text),
            StreamEnd::Draining | StreamEnd::Failed(_) => Self::unavailable(text),
            StreamEnd::Unproven => Self::unauthenticated(text),
            StreamEnd::Slow => Self::resource_exhausted(text),
            StreamEnd::UnknownMessage => Self::unimplemented(text),
        }
    }
}
