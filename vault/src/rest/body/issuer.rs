//! The members of the body of an issuer.

/// A member of the body of an issuer of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IssuerMember {
    Provider,
    Credentials,
    AccountId,
    Organization,
    OrganizationId,
    Administrators,
    /// What an issuer of the provider `Strongroom` signs with and permits.
    Authority,
}

impl IssuerMember {
    /// Where the member stands in a body.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Credentials => "credentials",
            Self::AccountId => "credentials.account_id",
            Self::Organization => "org_details",
            Self::OrganizationId => "org_details.id",
            Self::Administrators => "org_details.admin_details",
            Self::Authority => "strongroom",
        }
    }

    /// What it may be.
    pub(super) const fn form(self) -> &'static str {
        match self {
            Self::Provider | Self::AccountId | Self::OrganizationId => "a string or null",
            Self::Credentials | Self::Organization => "an object or null",
            Self::Administrators => {
                "a list of objects with the strings first_name, last_name, email and phone, or null"
            }
            Self::Authority => {
                "an object of certificate, maxValidityMonths and, as far as anything is permitted, dnsSuffixes, wildcards, ipRanges, emailDomains, upnDomains, uriHosts, subjects, ekus and lifetime; or null"
            }
        }
    }
}
