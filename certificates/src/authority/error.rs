//! Why an authority is none, or does not sign.

use der::asn1::ObjectIdentifier;

use crate::{alternative_names::AlternativeNameKind, signer::SignError, usage::KeyUsage};

/// Why a key and a certificate are no authority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The key cannot sign certificates.
    #[error(transparent)]
    Key(SignError),
    /// The certificate is that of another key.
    #[error("the authority's certificate has another public key than its private key")]
    OtherKey,
    /// The certificate may not sign others.
    #[error(
        "the authority's certificate is not that of an authority, or its key is not for signing certificates"
    )]
    NoAuthority,
    /// The certificate has no subject, which certificates could name as their issuer.
    #[error("the authority's certificate has no subject")]
    Nameless,
    /// The name constraints are of a kind that is not understood.
    #[error("the name constraints of the authority's certificate are not understood")]
    NameConstraints,
    /// The URL is none.
    #[error("the URL of the authority's list of revoked certificates is no URI")]
    RevocationListUrl,
}

/// Why an authority does not sign a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPermitted {
    /// A name is none that people allow.
    #[error("the authority does not permit the {} \"{name}\"", .kind.noun())]
    Name {
        /// Its kind.
        kind: AlternativeNameKind,
        /// The name.
        name: String,
    },
    /// A name has a wildcard, and people allow none.
    #[error("the authority does not permit wildcards, such as \"{0}\"")]
    Wildcard(String),
    /// A name is not within the name constraints of the authority's certificate.
    #[error("the name constraints of the authority's certificate do not permit the {} \"{name}\"", .kind.noun())]
    NameConstraint {
        /// Its kind.
        kind: AlternativeNameKind,
        /// The name.
        name: String,
    },
    /// The subject is none that people allow.
    #[error("the authority does not permit the subject \"{0}\"")]
    Subject(String),
    /// The subject is not within the name constraints of the authority's certificate.
    #[error("the name constraints of the authority's certificate do not permit the subject \"{0}\"")]
    SubjectConstraint(String),
    /// Only an authority may have that key usage.
    #[error("the key usage {0} is for authorities, and the authority makes none")]
    KeyUsage(KeyUsage),
    /// An extended key usage is none that people allow. One that a certificate lacks is 2.5.29.37.0: it is then for
    /// everything.
    #[error("the authority does not permit the extended key usage {0}")]
    ExtendedKeyUsage(ObjectIdentifier),
    /// The authority's certificate is for less itself.
    #[error("the authority's own certificate is not for the extended key usage {0}")]
    AuthorityIsForLess(ObjectIdentifier),
    /// It is valid for longer than people allow.
    #[error("the authority permits certificates that are valid for {longest} seconds at most")]
    TooLong {
        /// The longest validity, in seconds.
        longest: i64,
    },
    /// It is valid longer than the authority's certificate.
    #[error("the certificate would be valid for longer than that of the authority")]
    OutlivesAuthority,
    /// It ends before the authority's certificate begins.
    #[error("the certificate would end before that of the authority begins")]
    EndsBeforeAuthority,
}
