//! One issuer, and a change of it.

use serde::{Deserialize, Serialize};
use strongroom_core::{ObjectName, Timestamp};

use super::{LONGEST_TEXT, MAX_BYTES, MOST_ADMINISTRATORS, error::IssuerError};
use crate::certificates::authority::AuthorityTerms;

/// An issuer as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// Its name as it was written when it was first set.
    pub name: String,
    /// Who issues, as it was written.
    pub provider: String,
    /// The account there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// Whose account it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<Organization>,
    /// Its attributes.
    pub attributes: IssuerAttributes,
    /// What an issuer of the provider `Strongroom` signs with and permits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<Authority>,
}

/// What an issuer of the provider `Strongroom` is beside the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// What it signs with and permits.
    pub terms: AuthorityTerms,
    /// Since when the issuer is of this provider, in seconds since 1970: nobody was asked for the permission to use it before.
    pub since: u64,
}

/// The account of an issuer. The password is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// The organization of an issuer's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// What the issuer calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who speaks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_details: Option<Vec<Administrator>>,
}

/// Somebody who speaks for an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Administrator {
    /// The first name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// The attributes of an issuer. Times are in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerAttributes {
    /// Whether it issues.
    pub enabled: bool,
    /// When it was first set.
    pub created: u64,
    /// When it last changed.
    pub updated: u64,
}

/// What a request says of an issuer. What it does not say stays in an update, and is not there in a set.
#[derive(Debug, Clone, Default)]
pub struct IssuerChange {
    /// Who issues.
    pub provider: Option<String>,
    /// The account there.
    pub credentials: Option<CredentialsChange>,
    /// Whose account it is.
    pub organization: Option<OrganizationChange>,
    /// Whether it issues.
    pub enabled: Option<bool>,
    /// What an issuer of the provider `Strongroom` signs with and permits.
    pub terms: Option<AuthorityTerms>,
}

/// What a request says of the account of an issuer.
#[derive(Debug, Clone, Default)]
pub struct CredentialsChange {
    /// Its name.
    pub account_id: Option<String>,
}

/// What a request says of the organization of an issuer's account.
#[derive(Debug, Clone, Default)]
pub struct OrganizationChange {
    /// What the issuer calls it.
    pub id: Option<String>,
    /// Who speaks for it, all together.
    pub admin_details: Option<Vec<Administrator>>,
}

/// Who issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The vault, with the key of one of its certificates.
    Strongroom,
    /// Nobody: tests of clients name it, and find an operation that does not end.
    Test,
    /// Somebody outside the cluster.
    Foreign,
}

impl Provider {
    fn named(name: &str) -> Self {
        if name.eq_ignore_ascii_case("Strongroom") {
            Self::Strongroom
        } else if name.eq_ignore_ascii_case("Test") {
            Self::Test
        } else {
            Self::Foreign
        }
    }
}

impl Issuer {
    /// The issuer that a set makes, in the place of `before`.
    pub(super) fn new(
        name: &ObjectName,
        given: IssuerChange,
        before: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, IssuerError> {
        let blank = Self {
            name: before.map_or(name.spelling(), |before| &before.name).to_owned(),
            provider: String::new(),
            credentials: None,
            organization: None,
            attributes: IssuerAttributes {
                enabled: true,
                created: before.map_or(now.unix(), |before| before.attributes.created),
                updated: now.unix(),
            },
            authority: None,
        };
        let since = before
            .and_then(|before| before.authority.as_ref())
            .map(|authority| authority.since);
        blank.with(given, since, now)
    }

    /// The issuer after an update, which merges each object member by member and replaces lists.
    pub(super) fn changed(&self, change: IssuerChange, now: Timestamp) -> Result<Self, IssuerError> {
        let since = self.authority.as_ref().map(|authority| authority.since);
        self.clone().with(change, since, now)
    }

    fn with(mut self, change: IssuerChange, since: Option<u64>, now: Timestamp) -> Result<Self, IssuerError> {
        if let Some(provider) = change.provider {
            self.provider = provider;
        }
        if let Some(credentials) = change.credentials {
            let before = self.credentials.take().and_then(|before| before.account_id);
            self.credentials = Some(Credentials {
                account_id: credentials.account_id.or(before),
            });
        }
        if let Some(organization) = change.organization {
            let (id, admin_details) = self
                .organization
                .take()
                .map_or((None, None), |before| (before.id, before.admin_details));
            self.organization = Some(Organization {
                id: organization.id.or(id),
                admin_details: organization.admin_details.or(admin_details),
            });
        }
        if let Some(enabled) = change.enabled {
            self.attributes.enabled = enabled;
        }
        self.attributes.updated = now.unix();
        self.authority = self.authority_with(change.terms, since.unwrap_or(now.unix()))?;
        self.check()?;
        Ok(self)
    }

    /// What it signs with: an issuer of another provider has no such thing, and loses what it had.
    fn authority_with(
        &mut self,
        given: Option<AuthorityTerms>,
        since: u64,
    ) -> Result<Option<Authority>, IssuerError> {
        let before = self.authority.take().map(|authority| authority.terms);
        match (self.provider(), given) {
            (Provider::Strongroom, given) => {
                let terms = given.or(before).ok_or(IssuerError::NoTerms)?;
                terms.check()?;
                Ok(Some(Authority { terms, since }))
            }
            (Provider::Test | Provider::Foreign, Some(_)) => Err(IssuerError::OtherProvider),
            (Provider::Test | Provider::Foreign, None) => Ok(None),
        }
    }

    fn check(&self) -> Result<(), IssuerError> {
        if self.provider.is_empty() {
            return Err(IssuerError::Provider);
        }
        let administrators = self
            .organization
            .as_ref()
            .and_then(|of| of.admin_details.as_deref());
        let administrators = administrators.unwrap_or_default();
        let account = self.credentials.as_ref().and_then(|of| of.account_id.as_ref());
        let organization = self.organization.as_ref().and_then(|of| of.id.as_ref());
        let of_people = administrators.iter().flat_map(|person| {
            let Administrator {
                first_name,
                last_name,
                email,
                phone,
            } = person;
            [first_name, last_name, email, phone].into_iter().flatten()
        });
        let mut texts = [Some(&self.provider), account, organization]
            .into_iter()
            .flatten()
            .chain(of_people);
        if texts.any(|text| text.len() > LONGEST_TEXT) || administrators.len() > MOST_ADMINISTRATORS {
            return Err(IssuerError::TooLong);
        }
        let is_small = serde_json::to_vec(self).is_ok_and(|json| json.len() <= MAX_BYTES);
        if is_small {
            Ok(())
        } else {
            Err(IssuerError::TooLarge)
        }
    }

    /// Who issues.
    pub fn provider(&self) -> Provider {
        Provider::named(&self.provider)
    }

    /// Its name in the form that is compared.
    pub(super) fn folded(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}
