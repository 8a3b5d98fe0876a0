//! The audiences that a vault token can have: one vault, or every vault of one namespace.

use std::fmt;

use crate::{domains::Domains, name::NamespaceName, reference::VaultRef};

/// Why a text is not an audience of a vault token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AudienceError {
    /// Not `https://host[:port]`.
    #[error("the resource must be https://HOST without path, query or user")]
    Form,
    /// A host outside the cluster, or the host of the API server.
    #[error("the host is not that of a vault: expected VAULT.NAMESPACE.svc or NAMESPACE.svc")]
    Host,
}

/// What a vault token is for. Displays in the canonical form that the identity service signs: without cluster domain,
/// port or slash.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Audience {
    /// One vault: `https://VAULT.NAMESPACE.svc`.
    Vault(VaultRef),
    /// Every vault of one namespace: `https://NAMESPACE.svc`. Azure SDKs ask for it, since it is the parent
    /// of the vault's host.
    Namespace(NamespaceName),
}

impl Audience {
    /// Parses a resource in any spelling that SDKs use: upper case, with port, with the cluster domain, with one
    /// trailing slash, or under another of the `domains`. Errors: [`AudienceError`].
    pub fn parse(resource: &str, domains: &Domains) -> Result<Self, AudienceError> {
        let resource = resource.strip_suffix('/').unwrap_or(resource);
        let (scheme, authority) = resource.split_once("://").ok_or(AudienceError::Form)?;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(AudienceError::Form);
        }
        Self::from_authority(authority, domains)
    }

    /// Parses an OAuth scope: `RESOURCE/.default`.
    pub fn from_scope(scope: &str, domains: &Domains) -> Result<Self, AudienceError> {
        Self::parse(
            scope.strip_suffix("/.default").ok_or(AudienceError::Form)?,
            domains,
        )
    }

    /// Parses `HOST[:PORT]`, as in a Host header.
    pub fn from_authority(authority: &str, domains: &Domains) -> Result<Self, AudienceError> {
        let host = match authority.split_once(':') {
            None => authority,
            Some((host, port)) if is_port(port) => host,
            Some(_) => return Err(AudienceError::Form),
        };
        let host = host.to_ascii_lowercase();
        let (namespace, vault) = domains.split(&host).ok_or(AudienceError::Host)?;
        let namespace = namespace.parse().map_err(|_| AudienceError::Host)?;
        match vault {
            None => Ok(Self::Namespace(namespace)),
            Some(name) => Ok(Self::Vault(VaultRef {
                namespace,
                name: name.parse().map_err(|_| AudienceError::Host)?,
            })),
        }
    }

    /// The namespace of the vaults that the audience covers.
    pub fn namespace(&self) -> &NamespaceName {
        match self {
            Self::Vault(vault) => &vault.namespace,
            Self::Namespace(namespace) => namespace,
        }
    }

    /// Whether `vault` accepts a token with this audience.
    pub fn covers(&self, vault: &VaultRef) -> bool {
        match self {
            Self::Vault(audience) => audience == vault,
            Self::Namespace(namespace) => *namespace == vault.namespace,
        }
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port != 0)
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vault(VaultRef { namespace, name }) => write!(f, "https://{name}.{namespace}.svc"),
            Self::Namespace(namespace) => write!(f, "https://{namespace}.svc"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, AudienceError> {
        Audience::parse(text, &Domains::of_cluster("cluster.local")).map(|audience| audience.to_string())
    }

    #[test]
    fn a_further_domain_leads_to_the_vaults_of_its_namespace_and_the_longest_is_meant() {
        let further = [
            "vault.example.com=team-a",
            "b.vault.example.com=team-b",
            "door.example.com=team-a/prod",
        ];
        let further = further.map(|domain| domain.parse().unwrap());
        let domains = Domains::of_cluster("cluster.local").with(further);
        for (text, expected) in [
            ("https://vault.example.com", Some("https://team-a.svc")),
            (
                "https://prod.Vault.example.com:8443/",
                Some("https://prod.team-a.svc"),
            ),
            ("https://b.vault.example.com", Some("https://team-b.svc")),
            (
                "https://prod.b.vault.example.com",
                Some("https://prod.team-b.svc"),
            ),
            ("https://prod.team-a.svc", Some("https://prod.team-a.svc")),
            ("https://door.example.com:1", Some("https://prod.team-a.svc")),
            ("https://dev.door.example.com", None),
            ("https://a.prod.vault.example.com", None),
            ("https://myvault.example.com", None),
            ("https://vault.example.com.evil.example", None),
            ("https://.vault.example.com", None),
            ("https://example.com", None),
        ] {
            let found = Audience::parse(text, &domains)
                .ok()
                .map(|audience| audience.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn every_spelling_of_a_vault_gives_one_audience() {
        for text in [
            "https://prod.team-a.svc",
            "https://prod.team-a.svc/",
            "HTTPS://Prod.Team-A.SVC:443",
            "https://prod.team-a.svc.cluster.local:8443/",
        ] {
            assert_eq!(parse(text).as_deref(), Ok("https://prod.team-a.svc"), "{text}");
        }
    }

    #[test]
    fn a_namespace_is_an_audience() {
        assert_eq!(
            parse("https://team-a.svc.cluster.local").as_deref(),
            Ok("https://team-a.svc")
        );
    }

    #[test]
    fn the_api_server_and_hosts_outside_the_cluster_are_not() {
        for text in [
            "https://kubernetes.default.svc",
            "https://kubernetes.default.svc.cluster.local",
            "https://vault.azure.net",
            "https://prod.team-a.svc.evil.example",
            "https://a.b.c.svc",
            "https://.svc",
            "https://svc",
            "https://team-a.svc.",
        ] {
            assert_eq!(parse(text), Err(AudienceError::Host), "{text}");
        }
    }

    #[test]
    fn anything_but_an_https_host_is_refused() {
        for text in [
            "",
            "prod.team-a.svc",
            "http://prod.team-a.svc",
            "https://user@prod.team-a.svc:443:1",
            "https://prod.team-a.svc:0",
            "https://prod.team-a.svc:99999",
            "https://prod.team-a.svc:",
        ] {
            assert_eq!(parse(text), Err(AudienceError::Form), "{text}");
        }
        assert!(parse("https://prod.team-a.svc//").is_err());
        assert!(parse("https://prod.team-a.svc/x").is_err());
        assert!(parse("https://u@prod.team-a.svc").is_err());
    }

    #[test]
    fn a_scope_ends_in_default() {
        let domains = Domains::of_cluster("cluster.local");
        assert!(Audience::from_scope("https://team-a.svc/.default", &domains).is_ok());
        assert!(Audience::from_scope("https://team-a.svc", &domains).is_err());
        assert!(Audience::from_scope("https://team-a.svc/.default offline", &domains).is_err());
    }

    #[test]
    fn a_vaults_token_covers_that_vault_alone() {
        let vault =
            |namespace: &str, name: &str| VaultRef::new(namespace.parse().unwrap(), name.parse().unwrap());
        let domains = Domains::of_cluster("cluster.local");
        let (prod, dev, other) = (
            vault("team-a", "prod"),
            vault("team-a", "dev"),
            vault("team-b", "prod"),
        );
        let one = Audience::parse("https://prod.team-a.svc", &domains).unwrap();
        assert!(one.covers(&prod) && !one.covers(&dev) && !one.covers(&other));
        let all = Audience::parse("https://team-a.svc", &domains).unwrap();
        assert!(all.covers(&prod) && all.covers(&dev) && !all.covers(&other));
    }
}
