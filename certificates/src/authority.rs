//! Authorities that sign certificates for others, and what each of them permits.
//!
//! ```text
//!   Profile --> Permitted, which people decide --> name constraints and life of its certificate --> issue::by_authority
//! ```
//!
//! Both are asked about every name, and the common names and e-mail addresses of a subject are names too. What neither
//! mentions is refused.

use core::net::IpAddr;

use strongroom_keys::Key;

use crate::{
    alternative_names::{AlternativeNameKind, is_uri},
    certificate::Certificate,
    profile::{ANY_EXTENDED_KEY_USAGE, Profile, Validity},
    signer::Signer,
    time::BACKDATING,
    usage::KeyUsage,
};

mod constraints;
mod error;
mod permitted;
mod range;

use self::constraints::NameConstraints;
pub use self::{
    error::{AuthorityError, NotPermitted},
    permitted::{BadSuffix, DnsSuffix, Permitted},
    range::{BadRange, IpRange},
};

/// A key and a certificate that sign other certificates.
#[derive(Debug)]
pub struct Authority {
    key: Key,
    certificate: Certificate,
    permitted: Permitted,
    constraints: NameConstraints,
    revocation_list_url: Option<String>,
}

impl Authority {
    /// An authority of a key and the certificate of that key. Certificates that it signs say that its list of revoked
    /// certificates is at the URL, if there is one.
    pub fn new(
        key: Key,
        certificate: Certificate,
        permitted: Permitted,
        revocation_list_url: Option<String>,
    ) -> Result<Self, AuthorityError> {
        Signer::new(&key).map_err(AuthorityError::Key)?;
        if !certificate.has_public_key(key.public()) {
            return Err(AuthorityError::OtherKey);
        }
        let usages = certificate.key_usages();
        let may_sign = usages.is_none_or(|usages| usages.contains(KeyUsage::KeyCertSign));
        if !certificate.is_authority() || !may_sign {
            return Err(AuthorityError::NoAuthority);
        }
        if certificate.subject().is_empty() {
            return Err(AuthorityError::Nameless);
        }
        check_url(revocation_list_url.as_deref())?;
        let constraints = match certificate.name_constraints() {
            Some(value) => NameConstraints::from_der(value).ok_or(AuthorityError::NameConstraints)?,
            None => NameConstraints::default(),
        };
        Ok(Self {
            key,
            certificate,
            permitted,
            constraints,
            revocation_list_url,
        })
    }

    /// The same, whose certificates say that its list of revoked certificates is at the URL, if there is one.
    pub fn with_revocation_list(self, url: Option<String>) -> Result<Self, AuthorityError> {
        check_url(url.as_deref())?;
        Ok(Self {
            revocation_list_url: url,
            ..self
        })
    }

    /// Its certificate.
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its key, which signs.
    pub(crate) const fn key(&self) -> &Key {
        &self.key
    }

    /// Where its list of revoked certificates is.
    pub fn revocation_list_url(&self) -> Option<&str> {
        self.revocation_list_url.as_deref()
    }

    /// Whether it may sign a certificate of the profile: the first reason why not.
    ///
    /// The length of its path (`pathLenConstraint`) allows every certificate that is issued here, since none is of an
    /// authority.
    pub fn check(&self, profile: &Profile) -> Result<(), NotPermitted> {
        self.check_validity(profile.validity)?;
        self.check_usages(profile)?;
        for (kind, name) in profile.alternative_names.iter() {
            self.check_name(kind, name)?;
        }
        self.check_subject(profile)
    }

    fn check_validity(&self, asked: Validity) -> Result<(), NotPermitted> {
        let own = self.certificate.validity();
        if asked.not_after > own.not_after {
            return Err(NotPermitted::OutlivesAuthority);
        }
        if asked.not_after < own.not_before {
            return Err(NotPermitted::EndsBeforeAuthority);
        }
        let longest = self.permitted.longest_validity;
        if asked.not_after.saturating_sub(asked.not_before) > longest.saturating_add(BACKDATING) {
            return Err(NotPermitted::TooLong { longest });
        }
        Ok(())
    }

    fn check_usages(&self, profile: &Profile) -> Result<(), NotPermitted> {
        for usage in [KeyUsage::KeyCertSign, KeyUsage::CrlSign] {
            if profile.key_usages.contains(usage) {
                return Err(NotPermitted::KeyUsage(usage));
            }
        }
        let asked = match profile.extended_key_usages.as_slice() {
            [] => &[ANY_EXTENDED_KEY_USAGE],
            some => some,
        };
        let own = self.certificate.extended_key_usages();
        for usage in asked {
            let is_own = own.is_none_or(|own| own.contains(usage) || own.contains(&ANY_EXTENDED_KEY_USAGE));
            if !self.permitted.extended_key_usages.contains(usage) {
                return Err(NotPermitted::ExtendedKeyUsage(*usage));
            }
            if !is_own {
                return Err(NotPermitted::AuthorityIsForLess(*usage));
            }
        }
        Ok(())
    }

    fn check_name(&self, kind: AlternativeNameKind, name: &str) -> Result<(), NotPermitted> {
        self.permitted.check(kind, name)?;
        if self.constraints.permit(kind, name) {
            Ok(())
        } else {
            Err(NotPermitted::NameConstraint {
                kind,
                name: name.to_owned(),
            })
        }
    }

    /// A subject of nothing but names of hosts and mailboxes is as good as these names; any other must be one that
    /// people allow.
    fn check_subject(&self, profile: &Profile) -> Result<(), NotPermitted> {
        let subject = &profile.subject;
        let mut names = 0;
        for name in subject.common_names() {
            if let Some(kind) = kind_of_common_name(&name) {
                self.check_name(kind, &name)?;
                names += 1;
            }
        }
        for name in subject.email_addresses() {
            self.check_name(AlternativeNameKind::Email, &name)?;
            names += 1;
        }
        if subject.attribute_count() > names && !self.permitted.permits_subject(subject) {
            return Err(NotPermitted::Subject(subject.to_string()));
        }
        if self.constraints.permit_subject(subject) {
            Ok(())
        } else {
            Err(NotPermitted::SubjectConstraint(subject.to_string()))
        }
    }
}

fn check_url(url: Option<&str>) -> Result<(), AuthorityError> {
    match url {
        Some(url) if !is_uri(url) => Err(AuthorityError::RevocationListUrl),
        Some(_) | None => Ok(()),
    }
}

/// What clients that know no alternative names take a common name for. One word with a dot may be the name of a host to
/// them, also if it is none; one without a dot is not.
fn kind_of_common_name(name: &str) -> Option<AlternativeNameKind> {
    if name.parse::<IpAddr>().is_ok() {
        Some(AlternativeNameKind::IpAddress)
    } else if name.contains('@') {
        Some(AlternativeNameKind::Email)
    } else if name.contains('.') && !name.contains(char::is_whitespace) {
        Some(AlternativeNameKind::DnsName)
    } else {
        None
    }
}
