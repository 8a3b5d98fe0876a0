//! The issuer that a policy chooses, and what it does.

use strongroom_certificates::{
    policy::{IssuerKind, Policy},
    profile::Profile,
};
use strongroom_core::Timestamp;
use strongroom_engine::Objects;
use strongroom_keys::KeyProvider;

use super::{
    authority::AuthorityTerms,
    error::{CertificateError, CertificateFailure},
    issuers::{Issuer, IssuerError, Issuers, Provider},
    seconds, settings,
    signer::AuthoritySigner,
};

/// Who issues the certificates of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChosenIssuer {
    /// `Self`: the vault, with the certificate's own key.
    Own,
    /// `Unknown`: somebody who gets the request from a user.
    Unknown,
    /// An issuer of the provider `Strongroom`: the vault, with the key of an authority.
    Authority(Box<Signing>),
    /// An issuer of the provider `Test`, who never answers.
    Test,
    /// An issuer of a provider that this vault does not reach.
    Foreign(Box<str>),
}

/// What an authority of the vault signs by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// What it signs with and permits.
    pub terms: AuthorityTerms,
    /// Since when it is one, in seconds since 1970.
    pub since: u64,
}

impl Signing {
    /// What it would sign for `policy` at `now`.
    ///
    /// # Errors
    /// Nothing can be issued for the policy, or the terms are damaged.
    pub(super) fn profile(&self, policy: &Policy, now: Timestamp) -> Result<Profile, CertificateError> {
        let now = seconds(now);
        let mut profile = policy.profile(now)?;
        if let Some(lifetime) = self.terms.lifetime()? {
            profile.validity = profile.validity.at_most(now, lifetime);
        }
        Ok(profile)
    }
}

impl ChosenIssuer {
    /// The issuer that `policy` names.
    ///
    /// # Errors
    /// There is none of that name, it is disabled, or the store cannot be read.
    pub fn of(policy: &Policy, objects: &Objects) -> Result<Self, CertificateFailure> {
        let name = match policy.issuer().kind() {
            IssuerKind::Own => return Ok(Self::Own),
            IssuerKind::Unknown => return Ok(Self::Unknown),
            IssuerKind::Named(name) => name,
        };
        let name = name.parse().map_err(|_| CertificateError::NoIssuer)?;
        let issuers = settings::read::<Issuers>(objects)?.unwrap_or_default();
        let issuer = issuers.find(&name).map_err(|_| CertificateError::NoIssuer)?;
        if issuer.attributes.enabled {
            Ok(Self::named(issuer)?)
        } else {
            Err(CertificateError::IssuerDisabled.into())
        }
    }

    fn named(issuer: &Issuer) -> Result<Self, CertificateError> {
        Ok(match issuer.provider() {
            Provider::Strongroom => {
                let authority = issuer.authority.as_ref().ok_or(IssuerError::NoTerms)?;
                Self::Authority(Box::new(Signing {
                    terms: authority.terms.clone(),
                    since: authority.since,
                }))
            }
            Provider::Test => Self::Test,
            Provider::Foreign => Self::Foreign(issuer.provider.as_str().into()),
        })
    }

    /// Whether the vault ends an operation of it by itself.
    pub const fn is_ended_by_the_vault(&self) -> bool {
        match self {
            Self::Own | Self::Authority(_) | Self::Foreign(_) => true,
            Self::Unknown | Self::Test => false,
        }
    }

    /// Whether it signs with a key of the vault that is not the certificate's own.
    pub const fn is_authority(&self) -> bool {
        matches!(self, Self::Authority(_))
    }
}

/// Checks that a certificate can be renewed by `policy`, which was put at `put`: nothing is begun that must fail, since what
/// fails is due again at once. It may take as long as a key of RSA is opened.
///
/// Whoever put the policy was asked for the permission to use the authority, unless the issuer became one later.
///
/// # Errors
/// Its issuer does not issue, or is not permitted to.
pub fn check_renewal(
    objects: &Objects,
    provider: &dyn KeyProvider,
    policy: &Policy,
    put: Timestamp,
    now: Timestamp,
) -> Result<ChosenIssuer, CertificateFailure> {
    let chosen = ChosenIssuer::of(policy, objects)?;
    match &chosen {
        ChosenIssuer::Own | ChosenIssuer::Unknown => {}
        ChosenIssuer::Authority(issuer) => {
            if put.unix() < issuer.since {
                return Err(CertificateError::NotDecided.into());
            }
            let signer = AuthoritySigner::open(objects, provider, &issuer.terms, now)?;
            let checked = signer.authority.check(&issuer.profile(policy, now)?);
            checked.map_err(|error| CertificateError::Issue(error.into()))?;
        }
        ChosenIssuer::Test => return Err(CertificateError::Unreachable("Test".into()).into()),
        ChosenIssuer::Foreign(provider) => {
            return Err(CertificateError::Unreachable(provider.clone()).into());
        }
    }
    Ok(chosen)
}
