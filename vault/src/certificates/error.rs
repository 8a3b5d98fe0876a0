//! Why a certificate was not made, imported or merged.

use strongroom_audit::Outcome;
use strongroom_certificates::{
    authority::AuthorityError,
    certificate::CertificateError as Unreadable,
    chain::ChainError,
    content::{ContentError, MergeError},
    issue::IssueError,
    pkcs12::Pkcs12WriteError,
    policy::{PolicyError, UnissuablePolicy},
    request::RequestError,
};
use strongroom_engine::ObjectError;
use strongroom_keys::PrivateKeyDerError;

use super::{authority::TermsError, contacts::ContactsError, issuers::IssuerError, revoked::RevokeError};

/// Why. The sentences are Azure's where it has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The policy that was sent is none.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A new certificate without a policy.
    #[error("The member policy is missing: a certificate that is not there yet needs one.")]
    NoPolicy,
    /// The issuer that the policy names is not among those of the vault.
    #[error("The issuer that the policy names is not in this vault. Set it first, or name Self or Unknown.")]
    NoIssuer,
    /// The issuer that the policy names does not issue now.
    #[error("The issuer that the policy names is disabled.")]
    IssuerDisabled,
    /// The issuer that the policy names is of a provider that this vault does not reach.
    #[error(
        "This vault cannot reach the provider {0} of the issuer: it asks no authority outside its cluster. Name Self, Unknown or an issuer of the provider Strongroom."
    )]
    Unreachable(Box<str>),
    /// The issuer became an authority of the vault after the policy was put, which nobody was asked the permission for.
    #[error(
        "The issuer signs with a key of this vault only since the policy was put. Put the policy again, which needs the permission to use it."
    )]
    NotDecided,
    /// What an issuer signs with is not there.
    #[error(
        "The certificate {0}, which the issuer signs with, is not in this vault, not issued yet, or disabled."
    )]
    NoAuthority(Box<str>),
    /// What an issuer signs with is no authority.
    #[error("The issuer cannot sign with its certificate: {0}.")]
    Authority(#[from] AuthorityError),
    /// What an issuer permits is not what it may be.
    #[error(transparent)]
    Terms(#[from] TermsError),
    /// There is no such issuer.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// There are no such contacts.
    #[error(transparent)]
    Contacts(#[from] ContactsError),
    /// The certificate cannot be revoked.
    #[error(transparent)]
    Revoke(#[from] RevokeError),
    /// No authority has its list at the path.
    #[error("There is no list of revoked certificates at this path.")]
    NoList,
    /// What was sent holds no certificate with its private key.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The private key of an import is none that a vault takes.
    #[error("The private key of the certificate cannot be imported: {0}.")]
    Key(#[from] PrivateKeyDerError),
    /// A certificate cannot be read.
    #[error("The certificate cannot be read: {0}.")]
    Unreadable(#[from] Unreadable),
    /// The certificates of an import are not those of its key.
    #[error("The certificates do not belong to the private key: {0}.")]
    Chain(#[from] ChainError),
    /// The certificates of a merge cannot be read.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// The certificate of a merge is of another key.
    #[error(
        "The public key of the end-entity certificate in the specified X.509 certificate content does not match the public part of the specified private key. Please check if certificate is valid."
    )]
    OtherKey,
    /// A merge where the issuer does it itself.
    #[error("Merge is forbidden on pending object created with issuer : {0} while it is in progess.")]
    NotToMerge(Box<str>),
    /// An import of a certificate that has ended.
    #[error("The certificate has expired. Import one that has not.")]
    Expired,
    /// Nothing was issued for the policy.
    #[error("No certificate can be issued for this policy: {0}.")]
    Issue(#[from] IssueError),
    /// The policy is that of an imported certificate, and such as none can be issued by.
    #[error("No certificate can be issued for this policy: {0}.")]
    Unissuable(#[from] UnissuablePolicy),
    /// No request can be made for the policy.
    #[error("No request for a certificate can be made for this policy: {0}.")]
    Request(#[from] RequestError),
    /// The secret of a certificate is asked for in a form that the vault does not convert it to.
    #[error(
        "The certificate of this secret cannot be answered as outContentType says: only application/x-pkcs12 is converted, to application/x-pem-file."
    )]
    NotConverted,
    /// The chain cannot be written into the secret.
    #[error("The certificate cannot be written into its secret.")]
    Unwritable,
    /// The policy in the store cannot be read.
    #[error("The stored policy of the certificate is damaged.")]
    Damaged,
}

impl CertificateError {
    /// The status and the word of the answer.
    pub const fn outcome(&self) -> Outcome {
        let (status, word) = match self {
            Self::Issuer(error) => return error.outcome(),
            Self::Contacts(error) => return error.outcome(),
            Self::Revoke(error) => return error.outcome(),
            Self::NoList => (404, "NotFound"),
            Self::NotToMerge(_) => (403, "Forbidden"),
            Self::Unwritable | Self::Damaged => (500, "InternalServerError"),
            Self::Policy(_)
            | Self::NoPolicy
            | Self::NoIssuer
            | Self::IssuerDisabled
            | Self::Unreachable(_)
            | Self::NotDecided
            | Self::NoAuthority(_)
            | Self::Authority(_)
            | Self::Terms(_)
            | Self::Content(_)
            | Self::Key(_)
            | Self::Unreadable(_)
            | Self::Chain(_)
            | Self::Merge(_)
            | Self::OtherKey
            | Self::Expired
            | Self::NotConverted
            | Self::Issue(_)
            | Self::Unissuable(_)
            | Self::Request(_) => (400, "BadParameter"),
        };
        Outcome::failure(status, word)
    }
}

impl From<Pkcs12WriteError> for CertificateError {
    fn from(_: Pkcs12WriteError) -> Self {
        Self::Unwritable
    }
}

/// Why something about certificates was not done that reads the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFailure {
    /// The store cannot be read.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// It cannot be done.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}
