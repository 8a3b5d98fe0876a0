//! Why a policy is refused, in the sentences that Azure uses where they are known.

use std::fmt;

use strongroom_keys::{Curve, KeyKind, RsaSize};

use super::{MAX_BYTES, member::Member};
use crate::{alternative_names::AlternativeNamesError, name::NameError};

/// Why a policy is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A member is not what it may be.
    #[error("The member {} must be {}.", .0.path(), .0.form())]
    Member(Member),
    /// The subject is no distinguished name. The sentence is that of the service, with its end of line.
    #[error("Property policy.x509_props has invalid value. Invalid X.500 distinguished name\r\n")]
    Subject(#[source] NameError),
    /// The certificate cannot have these alternative names.
    #[error("The member policy.x509_props.sans is refused: {0}.")]
    AlternativeNames(#[source] AlternativeNamesError),
    /// The certificate would name nothing.
    #[error("The member policy.x509_props must have a subject or, in sans, an alternative name.")]
    Nameless,
    /// No key of that kind has so many bits. The sentence for EC is that of the service (azure-docs #88477).
    #[error("Unsupported key size ({size}). Supported sizes are [{}]", Sizes(*.kind))]
    KeySize {
        /// The kind of key.
        kind: KeyKind,
        /// The bits that were asked for.
        size: u32,
    },
    /// The keys on that curve have another number of bits.
    #[error("Unsupported key size ({size}). A key on the curve {curve} has another.")]
    KeySizeOfCurve {
        /// The curve.
        curve: Curve,
        /// The bits that were asked for.
        size: u32,
    },
    /// An action would be due before the certificate is valid.
    #[error(
        "The member {} must be at most {most}: 27 for each month that the certificate is valid.",
        Member::DaysBeforeExpiry.path()
    )]
    DaysBeforeExpiry {
        /// The most days.
        most: u32,
    },
    /// The policy is longer than the limit.
    #[error("A certificate policy is at most {MAX_BYTES} bytes of JSON.")]
    TooLong,
}

/// The sizes that keys of a kind have in certificates.
struct Sizes(KeyKind);

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            KeyKind::Rsa => {
                let [least, middle, most] = RsaSize::ALL.map(RsaSize::bits);
                write!(f, "{least}, {middle}, {most}")
            }
            KeyKind::Ec => f.write_str("256, 384, 521"),
            KeyKind::Oct | KeyKind::Akp => Ok(()),
        }
    }
}

/// Why nothing can be issued for a policy: it is that of an imported certificate, which says what no request may ask for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnissuablePolicy {
    /// The subject.
    #[error("the subject of the policy is no name that can be issued")]
    Subject(#[source] NameError),
    /// An extended use of the key that is no object identifier.
    #[error("\"{0}\" is no object identifier of an extended key usage")]
    ExtendedKeyUsage(String),
}

/// Stored bytes are not what [`super::Policy::stored`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored certificate policy is damaged")]
pub struct DamagedPolicy;
