//! Why there is no such issuer.

use strongroom_audit::Outcome;

use super::{LONGEST_TEXT, MAX_BYTES, MOST, MOST_ADMINISTRATORS};
use crate::certificates::authority::TermsError;

/// Why there is no such issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// None has the name.
    #[error("Issuer not found")]
    NotFound,
    /// Policies mean somebody else by the name.
    #[error("Self and Unknown are no names of issuers of a vault: a policy means others by them.")]
    Reserved,
    /// More than [`MOST`].
    #[error("A vault has at most {MOST} issuers.")]
    TooMany,
    /// No provider, or an empty one.
    #[error("The member provider must be a string that is not empty.")]
    Provider,
    /// A text is longer than [`LONGEST_TEXT`], or there are more than [`MOST_ADMINISTRATORS`].
    #[error(
        "Each text of an issuer has at most {LONGEST_TEXT} bytes, and its organization at most {MOST_ADMINISTRATORS} \
         administrators."
    )]
    TooLong,
    /// It has more than [`MAX_BYTES`].
    #[error("An issuer has at most {MAX_BYTES} bytes of JSON.")]
    TooLarge,
    /// The provider is `Strongroom`, and nothing says what it signs with and permits.
    #[error(
        "The member strongroom is missing: it says what an issuer of the provider Strongroom signs with."
    )]
    NoTerms,
    /// The provider is another one, and something says what it signs with and permits.
    #[error("The member strongroom is for issuers of the provider Strongroom alone.")]
    OtherProvider,
    /// What it permits is not what it may be.
    #[error(transparent)]
    Terms(#[from] TermsError),
}

impl IssuerError {
    /// The status and the word of the answer.
    pub(in crate::certificates) const fn outcome(self) -> Outcome {
        let (status, word) = match self {
            Self::NotFound => (404, "CertificateIssuerNotFound"),
            Self::Reserved
            | Self::TooMany
            | Self::Provider
            | Self::TooLong
            | Self::TooLarge
            | Self::NoTerms
            | Self::OtherProvider
            | Self::Terms(_) => (400, "BadParameter"),
        };
        Outcome::failure(status, word)
    }
}
