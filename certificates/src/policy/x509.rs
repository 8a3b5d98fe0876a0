//! What a policy says of the certificate: the member `x509_props`.

use der::asn1::ObjectIdentifier;

use super::{LONGEST_VALIDITY, error::PolicyError, member::Member, object::Object};
use crate::{
    alternative_names::AlternativeNames,
    name::{self, DistinguishedName},
    profile::MOST_EXTENDED_KEY_USAGES,
    usage::KeyUsages,
};

/// Servers and clients of TLS: what a certificate is for when its policy does not say.
const USUAL_EXTENDED_KEY_USAGES: [&str; 2] = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];

/// How long a certificate is valid when its policy does not say, in months.
const USUAL_VALIDITY: u32 = 12;

/// The longest that a certificate can be valid, in months: from the year 0 to the year 9999.
pub(super) const MOST_MONTHS: u32 = 120_000;

/// What a policy says of the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct X509Properties {
    /// The subject, as it was written.
    pub subject: Option<String>,
    /// The alternative names, as they were given: none is told from an empty object.
    pub alternative_names: Option<AlternativeNames>,
    /// The extended uses of the key, as object identifiers with dots.
    pub extended_key_usages: Vec<String>,
    /// The uses of the key.
    pub key_usages: KeyUsages,
    /// How many months a certificate is valid.
    pub validity_months: u32,
}

impl Default for X509Properties {
    fn default() -> Self {
        Self {
            subject: None,
            alternative_names: None,
            extended_key_usages: USUAL_EXTENDED_KEY_USAGES.map(str::to_owned).to_vec(),
            key_usages: KeyUsages::defaults(),
            validity_months: USUAL_VALIDITY,
        }
    }
}

impl X509Properties {
    /// Whether a certificate would name nothing.
    pub(super) fn is_nameless(&self) -> bool {
        let subject = self.subject.as_deref().unwrap_or_default();
        let is_nobody = DistinguishedName::parse(subject).is_ok_and(|name| name.is_empty());
        is_nobody
            && self
                .alternative_names
                .as_ref()
                .is_none_or(AlternativeNames::is_empty)
    }

    /// Whether a certificate names the same.
    pub(super) fn names_same_as(&self, other: &Self) -> bool {
        self.subject == other.subject && self.alternative_names == other.alternative_names
    }
}

fn check_subject(text: &str) -> Result<(), PolicyError> {
    if is_too_long(text) {
        return Err(PolicyError::Member(Member::Subject));
    }
    DistinguishedName::parse(text).map_err(PolicyError::Subject)?;
    Ok(())
}

/// Whether a subject has more characters than any certificate here may have.
pub(super) fn is_too_long(subject: &str) -> bool {
    subject.chars().count() > name::LONGEST
}

fn check_identifiers(texts: &[String]) -> Result<(), PolicyError> {
    let are_identifiers = texts.iter().all(|text| identifier(text).is_some());
    if are_identifiers && texts.len() <= MOST_EXTENDED_KEY_USAGES {
        Ok(())
    } else {
        Err(PolicyError::Member(Member::ExtendedKeyUsages))
    }
}

/// The object identifier that the text is, as it is usually written, so without leading zeros.
pub(super) fn identifier(text: &str) -> Option<ObjectIdentifier> {
    let identifier = ObjectIdentifier::new(text).ok()?;
    (identifier.to_string() == text).then_some(identifier)
}

/// What a request says of the certificate.
#[derive(Debug, Clone, Default)]
pub(super) struct X509Body {
    subject: Option<String>,
    alternative_names: Option<AlternativeNames>,
    extended_key_usages: Option<Vec<String>>,
    /// Names that were not looked at: Azure reads them after the subject.
    key_usages: Option<Vec<String>>,
    validity_months: Option<u32>,
    is_authority: bool,
}

impl X509Body {
    pub(super) fn read(object: Object<'_>) -> Result<Self, PolicyError> {
        let constraints = object.object(Member::BasicConstraints)?;
        constraints.number(Member::PathLength, 0, u32::MAX)?;
        Ok(Self {
            subject: object.named(Member::Subject, |text| Some(text.to_owned()))?,
            alternative_names: object
                .get_object(Member::AlternativeNames)?
                .map(read_names)
                .transpose()?,
            extended_key_usages: object.strings(Member::ExtendedKeyUsages)?,
            key_usages: object.strings(Member::KeyUsages)?,
            validity_months: object.number(Member::ValidityMonths, 1, MOST_MONTHS)?,
            is_authority: constraints.flag(Member::IsAuthority)?.unwrap_or_default(),
        })
    }

    /// Checks what is said other than it was before. What an imported certificate brought need not be what a request may
    /// say, and clients send back what they got.
    pub(super) fn check_against(&self, before: &X509Properties) -> Result<(), PolicyError> {
        if let Some(subject) = said_anew(self.subject.as_ref(), before.subject.as_ref()) {
            check_subject(subject)?;
        }
        if let Some(names) = said_anew(self.alternative_names.as_ref(), before.alternative_names.as_ref()) {
            names.check().map_err(PolicyError::AlternativeNames)?;
        }
        if let Some(identifiers) = said_anew(
            self.extended_key_usages.as_ref(),
            Some(&before.extended_key_usages),
        ) {
            check_identifiers(identifiers)?;
        }
        if let Some(months) = said_anew(self.validity_months.as_ref(), Some(&before.validity_months))
            && *months > LONGEST_VALIDITY
        {
            return Err(PolicyError::Member(Member::ValidityMonths));
        }
        if self.is_authority {
            return Err(PolicyError::Member(Member::IsAuthority));
        }
        Ok(())
    }

    /// What holds after it is merged into what held before. The alternative names are replaced as a whole.
    pub(super) fn onto(self, before: &X509Properties) -> Result<X509Properties, PolicyError> {
        let before = before.clone();
        let key_usages = match self.key_usages {
            Some(names) => KeyUsages::parse(names.iter().map(String::as_str))
                .map_err(|_| PolicyError::Member(Member::KeyUsages))?,
            None => before.key_usages,
        };
        Ok(X509Properties {
            subject: self.subject.or(before.subject),
            alternative_names: self.alternative_names.or(before.alternative_names),
            extended_key_usages: self.extended_key_usages.unwrap_or(before.extended_key_usages),
            key_usages,
            validity_months: self.validity_months.unwrap_or(before.validity_months),
        })
    }
}

/// What is said, where it is not what held before.
fn said_anew<'a, T: PartialEq>(said: Option<&'a T>, before: Option<&T>) -> Option<&'a T> {
    said.filter(|said| before != Some(*said))
}

fn read_names(object: Object<'_>) -> Result<AlternativeNames, PolicyError> {
    Ok(AlternativeNames {
        emails: object.strings(Member::Emails)?,
        dns_names: object.strings(Member::DnsNames)?,
        upns: object.strings(Member::Upns)?,
        uris: object.strings(Member::Uris)?,
        ip_addresses: object.strings(Member::IpAddresses)?,
    })
}
