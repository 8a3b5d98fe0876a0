//! What is issued: everything of a certificate that its user decides, beside the key.

use der::{
    Encode,
    asn1::{ObjectIdentifier, OctetString},
};
use strongroom_keys::KeyKind;
use x509_cert::ext::{
    Extension,
    pkix::{BasicConstraints, ExtendedKeyUsage, SubjectAltName},
};

use crate::{
    alternative_names::{AlternativeNames, AlternativeNamesError},
    name::DistinguishedName,
    time::{self, BACKDATING},
    usage::KeyUsages,
};

/// The most extended key usages of one certificate.
pub const MOST_EXTENDED_KEY_USAGES: usize = 100;

pub(crate) const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
pub(crate) const ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
pub(crate) const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
pub(crate) const SUBJECT_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
pub(crate) const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
pub(crate) const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
/// Where lists of revoked certificates are.
pub(crate) const REVOCATION_LISTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");
/// `anyExtendedKeyUsage`: the certificate is for everything.
pub const ANY_EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// When a certificate is valid, both ends included, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: i64,
    /// The last second.
    pub not_after: i64,
}

impl Validity {
    /// From [`BACKDATING`] seconds before `now` to so many calendar months after it, as Azure counts.
    pub fn months_from(now: i64, months: u32) -> Self {
        Self {
            not_before: now.saturating_sub(BACKDATING),
            not_after: time::months_after(now, months),
        }
    }

    /// The same, but not for longer than so many seconds after `now`. A shortened one is dated back by a tenth of its
    /// length at most: the part of its life that a lifetime action waits for must not have passed before it is issued.
    #[must_use]
    pub fn at_most(self, now: i64, seconds: i64) -> Self {
        let not_after = now.saturating_add(seconds);
        if self.not_after <= not_after {
            return self;
        }
        Self {
            not_before: self.not_before.max(now.saturating_sub(seconds / 10)),
            not_after,
        }
    }
}

/// What is issued. It is never an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The subject, which may be empty if there is an alternative name.
    pub subject: DistinguishedName,
    /// The names beside the subject.
    pub alternative_names: AlternativeNames,
    /// What the key is for. None: the certificate does not say.
    pub key_usages: KeyUsages,
    /// What the certificate is for (`ekus`). None: the certificate does not say.
    pub extended_key_usages: Vec<ObjectIdentifier>,
    /// When the certificate is valid. A request does not say.
    pub validity: Validity,
}

/// Why nothing can be issued for a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Neither a subject nor an alternative name.
    #[error("the certificate has neither a subject nor an alternative name")]
    Nameless,
    /// The alternative names.
    #[error(transparent)]
    AlternativeNames(#[from] AlternativeNamesError),
    /// More than [`MOST_EXTENDED_KEY_USAGES`].
    #[error("the certificate has {0} extended key usages, and at most 100 are allowed")]
    TooManyExtendedKeyUsages(usize),
    /// It ends before it begins, or in a year that DER cannot have.
    #[error("the certificate ends before it begins, or is not within the years 1970 to 9999")]
    Validity,
    /// The parts make no DER.
    #[error("the certificate could not be encoded")]
    Encoding(#[from] der::Error),
}

/// In which order the extensions stand. Azure has one for certificates and one for requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Certificate,
    Request,
}

impl Profile {
    /// The extensions that the profile decides, beside a key of that kind. Its names and counts are checked on the way.
    pub(crate) fn extensions(&self, order: Order, kind: KeyKind) -> Result<Vec<Extension>, ProfileError> {
        // Who issues may give a request the name that it has not.
        let needs_name = order == Order::Certificate;
        if needs_name && self.subject.is_empty() && self.alternative_names.is_empty() {
            return Err(ProfileError::Nameless);
        }
        let count = self.extended_key_usages.len();
        if count > MOST_EXTENDED_KEY_USAGES {
            return Err(ProfileError::TooManyExtendedKeyUsages(count));
        }
        let mut extensions = Vec::new();
        if !self.key_usages.is_empty() {
            let value = self.key_usages.stated_of(kind).to_der()?;
            extensions.push(extension(KEY_USAGE, true, value)?);
        }
        let constraints = BasicConstraints {
            ca: false,
            path_len_constraint: None,
        };
        let constraints = extension(BASIC_CONSTRAINTS, false, constraints.to_der()?)?;
        if order == Order::Certificate {
            extensions.push(constraints.clone());
        }
        if count > 0 {
            let value = ExtendedKeyUsage(self.extended_key_usages.clone()).to_der()?;
            extensions.push(extension(EXTENDED_KEY_USAGE, false, value)?);
        }
        let names = self.alternative_names.to_general_names()?;
        if !names.is_empty() {
            // RFC 5280, 4.2.1.6.
            let is_critical = self.subject.is_empty();
            let value = SubjectAltName(names).to_der()?;
            extensions.push(extension(ALTERNATIVE_NAME, is_critical, value)?);
        }
        if order == Order::Request {
            extensions.push(constraints);
        }
        Ok(extensions)
    }

    /// Both ends of the validity in DER.
    pub(crate) fn der_validity(&self) -> Result<x509_cert::time::Validity, ProfileError> {
        let Validity {
            not_before,
            not_after,
        } = self.validity;
        match (time::to_der(not_before), time::to_der(not_after)) {
            (Some(first), Some(last)) if not_before <= not_after => {
                Ok(x509_cert::time::Validity::new(first, last))
            }
            _ => Err(ProfileError::Validity),
        }
    }
}

/// An extension of a value in DER.
pub(crate) fn extension(extn_id: ObjectIdentifier, critical: bool, value: Vec<u8>) -> der::Result<Extension> {
    Ok(Extension {
        extn_id,
        critical,
        extn_value: OctetString::new(value)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_life_is_hardly_dated_back() {
        let now = 1_700_000_000;
        let month = Validity::months_from(now, 1);
        assert_eq!(
            month.at_most(now, 120),
            Validity {
                not_before: now - 12,
                not_after: now + 120
            }
        );
        assert_eq!(
            month.at_most(now, 86_400),
            Validity {
                not_before: now - 600,
                not_after: now + 86_400
            }
        );
        assert_eq!(month.at_most(now, 400 * 86_400), month);
    }
}
