//! Certificate policies: what the next version of a certificate is to be, and what happens in its life (Azure Key Vault,
//! Certificates/models.tsp, `CertificatePolicy`).
//!
//! ```text
//!   a request's JSON -- create ------\                          /-- answered: JSON with id and times
//!   a request's JSON -- patch -------> Policy = terms + stored ---- stored: JSON, one text for each policy
//!   a certificate --- of_certificate -/     ^                   \-- key_spec, profile, issuer, lifetime_actions
//!   stored bytes ---- from_stored ----------/
//! ```
//!
//! Invariants:
//! - a policy that was accepted can be read again, from what is stored and from what is answered;
//! - the members of a request that are not known are passed over, and null is as good as absent;
//! - a member of the wrong form is refused by its path, whatever else is there.
//!
//! The times of a policy and its id are the caller's.

mod document;
mod error;
mod facts;
mod issuer;
mod key;
mod lifetime;
mod member;
mod object;
mod platform;
mod secret;
mod sent;
mod terms;
mod x509;

#[cfg(test)]
mod tests;

use serde_json::Value;
use strongroom_keys::KeySpec;

use self::terms::{Terms, TermsBody};
pub use self::{
    document::{PolicyDocument, PolicyIdentity},
    error::{DamagedPolicy, PolicyError, UnissuablePolicy},
    facts::CertificateFacts,
    issuer::{Issuer, IssuerKind},
    key::{CertificateKey, KeyProperties},
    lifetime::{ActionType, LifetimeAction, Trigger},
    member::Member,
    platform::PlatformManaged,
    secret::SecretContentType,
    sent::SentPolicy,
    x509::X509Properties,
};
use crate::{
    name::DistinguishedName,
    profile::{Profile, Validity},
};

/// The longest policy, in bytes of the JSON that is stored.
pub const MAX_BYTES: usize = 16 * 1024;

/// The longest that a certificate may be asked to be valid, in months: a hundred years.
pub const LONGEST_VALIDITY: u32 = 1200;

/// A certificate policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    terms: Terms,
    /// Its JSON in the order that Azure answers, without id, times and blanks.
    stored: Vec<u8>,
}

impl Policy {
    /// The policy that a request to create a certificate asks for. What it does not say is as usual: an exportable key
    /// of RSA with 2048 bits, PKCS#12, servers and clients of TLS, 12 months, the issuer `Unknown`; and late in its
    /// life `AutoRenew`, with the issuer `Unknown` `EmailContacts`.
    ///
    /// # Errors
    /// The first member that is not what it may be.
    pub fn create(sent: &Value) -> Result<Self, PolicyError> {
        Self::of(TermsBody::read(sent)?.into_new()?)
    }

    /// The policy after a request changed it. The members of its objects are merged one by one; lists and the
    /// alternative names are replaced. What the request says as it was before is not checked again.
    ///
    /// # Errors
    /// The first member that is not what it may be.
    pub fn patch(&self, sent: &Value) -> Result<Self, PolicyError> {
        Self::of(TermsBody::read(sent)?.into_changed(&self.terms)?)
    }

    /// The policy of a certificate that was issued elsewhere. Of what `sent` says holds what the certificate does not
    /// tell: how the secret is written, whether the key leaves the vault and is reused, the issuer, the actions.
    ///
    /// # Errors
    /// A member of `sent` that is not what it may be; or a member that this certificate gives a policy, and none can
    /// have.
    pub fn of_certificate(facts: &CertificateFacts, sent: Option<&Value>) -> Result<Self, PolicyError> {
        let sent = TermsBody::read(sent.unwrap_or(&Value::Null))?;
        Self::of(sent.into_imported(facts.key()?, facts.x509()?)?)
    }

    /// Reads what [`Self::stored`] gave.
    ///
    /// # Errors
    /// The bytes are no policy, or not as this vault writes it.
    pub fn from_stored(stored: &[u8]) -> Result<Self, DamagedPolicy> {
        if stored.len() > MAX_BYTES {
            return Err(DamagedPolicy);
        }
        let value: Value = serde_json::from_slice(stored).map_err(|_| DamagedPolicy)?;
        let terms = TermsBody::read(&value).and_then(TermsBody::into_kept);
        let policy = terms.and_then(Self::of).map_err(|_| DamagedPolicy)?;
        if policy.stored == stored {
            Ok(policy)
        } else {
            Err(DamagedPolicy)
        }
    }

    fn of(terms: Terms) -> Result<Self, PolicyError> {
        // Of all members the metadata alone are not of a form of ours.
        let stored = serde_json::to_vec(&PolicyDocument::of(&terms, None))
            .map_err(|_| PolicyError::Member(Member::Metadata))?;
        if stored.len() > MAX_BYTES {
            return Err(PolicyError::TooLong);
        }
        Ok(Self { terms, stored })
    }

    /// Its JSON, in one form for each policy, which [`Self::from_stored`] reads again. It has no id and no times.
    pub fn stored(&self) -> &[u8] {
        &self.stored
    }

    /// What serialises to the JSON that Azure answers.
    pub fn answered<'a>(&'a self, identity: PolicyIdentity<'a>) -> PolicyDocument<'a> {
        PolicyDocument::of(&self.terms, Some(identity))
    }

    /// What it says of the key.
    pub const fn key(&self) -> KeyProperties {
        self.terms.key
    }

    /// The key to generate for a version that does not reuse one.
    pub const fn key_spec(&self) -> KeySpec {
        self.terms.key.key.spec()
    }

    /// Whether the private key leaves the vault, in the secret of the certificate.
    pub const fn is_exportable(&self) -> bool {
        self.terms.key.exportable
    }

    /// Whether the next version has the key of the present one.
    pub const fn reuses_key(&self) -> bool {
        self.terms.key.reuse_key
    }

    /// How a certificate is written into its secret.
    pub const fn content_type(&self) -> SecretContentType {
        self.terms.content_type
    }

    /// What it says of the certificate.
    pub const fn x509(&self) -> &X509Properties {
        &self.terms.x509
    }

    /// What the next certificate is to be, issued at `now` in unix seconds. It may be without any name where the platform
    /// manages it.
    ///
    /// # Errors
    /// The policy is that of an imported certificate, and nothing can be issued for it.
    pub fn profile(&self, now: i64) -> Result<Profile, UnissuablePolicy> {
        let x509 = self.x509();
        let subject = x509.subject.as_deref().unwrap_or_default();
        let identifier = |text: &String| {
            x509::identifier(text).ok_or_else(|| UnissuablePolicy::ExtendedKeyUsage(text.clone()))
        };
        Ok(Profile {
            subject: DistinguishedName::parse(subject).map_err(UnissuablePolicy::Subject)?,
            alternative_names: x509.alternative_names.clone().unwrap_or_default(),
            key_usages: x509.key_usages.clone(),
            extended_key_usages: x509
                .extended_key_usages
                .iter()
                .map(identifier)
                .collect::<Result<_, _>>()?,
            validity: Validity::months_from(now, x509.validity_months),
        })
    }

    /// What happens in the life of a certificate.
    pub fn lifetime_actions(&self) -> &[LifetimeAction] {
        &self.terms.lifetime_actions
    }

    /// Who issues the certificate.
    pub const fn issuer(&self) -> &Issuer {
        &self.terms.issuer
    }

    /// What the platform does with the certificate, where it manages it.
    pub const fn platform_managed(&self) -> Option<&PlatformManaged> {
        self.terms.platform.as_ref()
    }

    /// Whether the policy is enabled.
    pub const fn is_enabled(&self) -> bool {
        self.terms.enabled
    }
}
