//! Why a token was refused.

/// Why a token was refused. Never repeats any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AuthError {
    /// No bearer token.
    #[error("the request has no bearer token")]
    Missing,
    /// Longer than any token of ours.
    #[error("the token is too long")]
    TooLong,
    /// Not a token of our form: its header, claims or their types.
    #[error("the token is malformed")]
    Malformed,
    /// Another type, another algorithm, or a header that names a key of its own.
    #[error("the token's header is not one that this vault accepts")]
    Header,
    /// Signed by a key that no identity service serves.
    #[error("the token's key is not known")]
    UnknownKey,
    /// The signature is not that key's.
    #[error("the token's signature is wrong")]
    Signature,
    /// Another issuer.
    #[error("the token is another issuer's")]
    Issuer,
    /// For another vault.
    #[error("the token is for another audience")]
    Audience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not begun.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It would live longer than any token may.
    #[error("the token lives too long")]
    Lifetime,
    /// Its subject and its parts disagree.
    #[error("the token's subject and its parts disagree")]
    Subject,
}

impl AuthError {
    /// Every reason, for the metric's label.
    pub const ALL: [Self; 12] = [
        Self::Missing,
        Self::TooLong,
        Self::Malformed,
        Self::Header,
        Self::UnknownKey,
        Self::Signature,
        Self::Issuer,
        Self::Audience,
        Self::Expired,
        Self::NotYetValid,
        Self::Lifetime,
        Self::Subject,
    ];

    /// The reason in one word.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Header => "header",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Lifetime => "lifetime",
            Self::Subject => "subject",
        }
    }
}
