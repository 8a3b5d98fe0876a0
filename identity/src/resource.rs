//! The resources that tokens may be minted for.

use strongroom_core::{Audience, Domains, audience::AudienceError};

/// Why a scope is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// Not one resource with `/.default`, or something beside it that no SDK adds.
    #[error(
        "the scope must hold exactly one https://HOST/.default, and beside it only openid, profile, offline_access"
    )]
    Scope,
    /// Not an `https://HOST`.
    #[error("the resource must be https://HOST without path, query or user")]
    Form,
    /// A host that is no vault's, or the API server's.
    #[error("tokens are minted for VAULT.NAMESPACE.svc and NAMESPACE.svc only, and never for the API server")]
    Host,
}

/// What MSAL of Go and Java adds to every scope (`OpenID` Connect Core 1.0, sections 5.4 and 11). It asks for
/// tokens about a person, and nobody owes those to a client that logs in as itself.
const OPENID_SCOPES: [&str; 3] = ["openid", "profile", "offline_access"];

/// The resources of one installation: the vaults of its cluster, and their namespaces.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
    domains: Domains,
}

impl Resources {
    /// The vaults that are reached under these domains.
    pub(crate) const fn new(domains: Domains) -> Self {
        Self { domains }
    }

    /// The audience to sign for a request's `scope` (RFC 6749, section 3.3), in its canonical form. A vault accepts no
    /// other, so no token is minted for a host that is no vault's.
    pub(crate) fn audience_of(&self, scope: &str) -> Result<String, ResourceError> {
        let resource = resource_scope(scope)?
            .strip_suffix("/.default")
            .ok_or(ResourceError::Scope)?;
        match Audience::parse(resource, &self.domains) {
            Ok(audience) => Ok(audience.to_string()),
            Err(AudienceError::Form) => Err(ResourceError::Form),
            Err(AudienceError::Host) => Err(ResourceError::Host),
        }
    }
}

/// The only one of the scopes that is not of `OpenID` Connect.
fn resource_scope(scope: &str) -> Result<&str, ResourceError> {
    let is_resource = |one: &&str| !one.is_empty() && !OPENID_SCOPES.contains(one);
    let mut resources = scope.split(' ').filter(is_resource);
    match (resources.next(), resources.next()) {
        (Some(only), None) => Ok(only),
        (None, _) | (Some(_), Some(_)) => Err(ResourceError::Scope),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources() -> Resources {
        Resources::new(Domains::of_cluster("cluster.local"))
    }

    #[test]
    fn the_canonical_form_is_signed_whatever_the_spelling() {
        let resources = resources();
        for scope in [
            "https://prod.team-a.svc/.default",
            "https://PROD.team-a.svc.cluster.local:8443//.default",
            "https://prod.team-a.svc:443/.default",
        ] {
            assert_eq!(
                resources.audience_of(scope).as_deref(),
                Ok("https://prod.team-a.svc"),
                "{scope}"
            );
        }
    }

    #[test]
    fn openid_scopes_beside_the_resource_change_nothing_wherever_they_stand() {
        let resources = resources();
        for scope in [
            "https://prod.team-a.svc/.default openid offline_access profile",
            "openid profile offline_access https://prod.team-a.svc/.default",
            "openid  https://prod.team-a.svc/.default profile ",
        ] {
            assert_eq!(
                resources.audience_of(scope).as_deref(),
                Ok("https://prod.team-a.svc"),
                "{scope}"
            );
        }
    }

    #[test]
    fn anything_else_beside_the_resource_is_refused() {
        let resources = resources();
        let vault = "https://prod.team-a.svc/.default";
        for scope in [
            "openid profile offline_access".to_owned(),
            format!("{vault} {vault}"),
            format!("{vault} https://kubernetes.default.svc/.default"),
            format!("{vault} email"),
            format!("{vault} OPENID"),
            format!("{vault}\topenid"),
        ] {
            assert_eq!(
                resources.audience_of(&scope),
                Err(ResourceError::Scope),
                "{scope:?}"
            );
        }
    }

    #[test]
    fn the_api_server_and_outside_hosts_are_refused() {
        let resources = resources();
        for scope in [
            "https://kubernetes.default.svc/.default",
            "https://kubernetes.default.svc.cluster.local/.default",
            "https://vault.azure.net/.default",
            "https://team-a.svc.example.com/.default",
        ] {
            assert_eq!(resources.audience_of(scope), Err(ResourceError::Host), "{scope}");
        }
        for scope in [
            "",
            "https://team-a.svc",
            "https://a.svc/.default https://b.svc/.default",
            "openid",
        ] {
            assert!(resources.audience_of(scope).is_err(), "{scope}");
        }
    }
}
