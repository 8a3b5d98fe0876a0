//! What a policy says, member by member, and how a request becomes that.

use serde_json::Value;

use super::{
    error::PolicyError,
    issuer::{Issuer, IssuerBody},
    key::{CertificateKey, KeyBody, KeyProperties},
    lifetime::{self, LifetimeAction},
    member::Member,
    object::Object,
    platform::PlatformManaged,
    secret::SecretContentType,
    x509::{X509Body, X509Properties},
};

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) key: KeyProperties,
    pub(super) content_type: SecretContentType,
    pub(super) x509: X509Properties,
    pub(super) lifetime_actions: Vec<LifetimeAction>,
    pub(super) issuer: Issuer,
    pub(super) platform: Option<PlatformManaged>,
    pub(super) enabled: bool,
}

impl Default for Terms {
    fn default() -> Self {
        let issuer = Issuer::default();
        Self {
            key: KeyProperties::default(),
            content_type: SecretContentType::default(),
            x509: X509Properties::default(),
            lifetime_actions: vec![LifetimeAction::usual(issuer.usual_action())],
            issuer,
            platform: None,
            enabled: true,
        }
    }
}

impl Terms {
    /// Checks how its members fit each other. The names of an imported certificate, which may have none, can stay.
    fn check(&self, before: Option<&Self>) -> Result<(), PolicyError> {
        let names_as_before = before
            .is_some_and(|before| before.x509.names_same_as(&self.x509) && before.platform == self.platform);
        if !names_as_before && self.platform.is_none() && self.x509.is_nameless() {
            return Err(PolicyError::Nameless);
        }
        lifetime::check(&self.lifetime_actions, self.x509.validity_months)
    }
}

/// What a request says: the members that it has.
#[derive(Debug, Clone, Default)]
pub(super) struct TermsBody {
    key: KeyBody,
    content_type: Option<SecretContentType>,
    x509: X509Body,
    lifetime_actions: Option<Vec<LifetimeAction>>,
    issuer: IssuerBody,
    platform: Option<PlatformManaged>,
    enabled: Option<bool>,
}

impl TermsBody {
    /// Reads it. Members that are not known are passed over, as everywhere in the API; so are `exp` and `nbf`, which a
    /// policy has not.
    pub(super) fn read(policy: &Value) -> Result<Self, PolicyError> {
        let policy = Object::of(policy, Member::Policy)?;
        let secret = policy.object(Member::SecretProperties)?;
        Ok(Self {
            key: KeyBody::read(policy.object(Member::KeyProperties)?)?,
            content_type: secret.named(Member::ContentType, SecretContentType::from_name)?,
            x509: X509Body::read(policy.object(Member::X509Properties)?)?,
            lifetime_actions: lifetime::read(policy)?,
            issuer: IssuerBody::read(policy.object(Member::Issuer)?)?,
            platform: PlatformManaged::read(policy)?,
            enabled: policy.object(Member::Attributes)?.flag(Member::Enabled)?,
        })
    }

    /// The terms of a new policy.
    pub(super) fn into_new(self) -> Result<Terms, PolicyError> {
        self.x509.check_against(&Terms::default().x509)?;
        let terms = self.into_kept()?;
        terms.check(None)?;
        Ok(terms)
    }

    /// The terms as they were kept, which are not checked again.
    pub(super) fn into_kept(mut self) -> Result<Terms, PolicyError> {
        let issuer = self.issuer.clone().onto(&Issuer::default());
        self.lifetime_actions
            .get_or_insert_with(|| vec![LifetimeAction::usual(issuer.usual_action())]);
        self.onto(&Terms::default())
    }

    /// The terms `before`, with what it says in the place of what they said.
    pub(super) fn into_changed(self, before: &Terms) -> Result<Terms, PolicyError> {
        self.x509.check_against(&before.x509)?;
        let terms = self.onto(before)?;
        terms.check(Some(before))?;
        Ok(terms)
    }

    /// The terms of a certificate that was issued elsewhere, with that key. What it says of either does not count.
    pub(super) fn into_imported(
        self,
        key: CertificateKey,
        x509: X509Properties,
    ) -> Result<Terms, PolicyError> {
        let beside = Self {
            key: self.key.without_key(),
            x509: X509Body::default(),
            ..self
        };
        let terms = beside.into_kept()?;
        lifetime::check(&terms.lifetime_actions, x509.validity_months)?;
        Ok(Terms {
            key: KeyProperties { key, ..terms.key },
            x509,
            ..terms
        })
    }

    fn onto(self, before: &Terms) -> Result<Terms, PolicyError> {
        Ok(Terms {
            key: self.key.onto(before.key)?,
            content_type: self.content_type.unwrap_or(before.content_type),
            x509: self.x509.onto(&before.x509)?,
            lifetime_actions: self
                .lifetime_actions
                .unwrap_or_else(|| before.lifetime_actions.clone()),
            issuer: self.issuer.onto(&before.issuer),
            platform: self.platform.or_else(|| before.platform.clone()),
            enabled: self.enabled.unwrap_or(before.enabled),
        })
    }
}
