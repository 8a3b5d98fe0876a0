//! What a certificate that was issued elsewhere tells of its policy.

use strongroom_keys::KeyType;

use super::{
    error::PolicyError,
    key::CertificateKey,
    member::Member,
    x509::{self, X509Properties},
};
use crate::{
    alternative_names::AlternativeNames, certificate::Certificate, profile::Validity, time::months_between,
    usage::KeyUsages,
};

/// What a policy takes over from a certificate that was issued elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The subject as Azure writes it; empty where there is none.
    pub subject: String,
    /// The alternative names, where there are any.
    pub alternative_names: Option<AlternativeNames>,
    /// The extended uses of the key, as object identifiers with dots.
    pub extended_key_usages: Vec<String>,
    /// The uses of the key.
    pub key_usages: KeyUsages,
    /// When it is valid.
    pub validity: Validity,
    /// Its key; none of one that a vault cannot have.
    pub key: Option<KeyType>,
}

impl From<&Certificate> for CertificateFacts {
    fn from(certificate: &Certificate) -> Self {
        let uses = certificate.extended_key_usages().unwrap_or_default();
        Self {
            subject: certificate.subject().to_string(),
            alternative_names: certificate.alternative_names().cloned(),
            extended_key_usages: uses.iter().map(ToString::to_string).collect(),
            key_usages: certificate.key_usages().cloned().unwrap_or_default(),
            validity: certificate.validity(),
            key: certificate.key_type(),
        }
    }
}

impl CertificateFacts {
    /// What a policy says of this key.
    pub(super) fn key(&self) -> Result<CertificateKey, PolicyError> {
        let key = self.key.and_then(CertificateKey::of_type);
        key.ok_or(PolicyError::Member(Member::KeyType))
    }

    /// What a policy says of this certificate. Its months are rounded up, as Azure does.
    pub(super) fn x509(&self) -> Result<X509Properties, PolicyError> {
        if x509::is_too_long(&self.subject) {
            return Err(PolicyError::Member(Member::Subject));
        }
        let Validity {
            not_before,
            not_after,
        } = self.validity;
        let names = self.alternative_names.clone();
        Ok(X509Properties {
            subject: Some(self.subject.clone()),
            alternative_names: names.filter(|names| !names.is_empty()),
            extended_key_usages: self.extended_key_usages.clone(),
            key_usages: self.key_usages.clone(),
            validity_months: months_between(not_before, not_after).clamp(1, x509::MOST_MONTHS),
        })
    }
}
