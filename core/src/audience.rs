//! The audiences that a vault token can have: one vault, or every vault of one namespace.

use std::fmt;

use crate::{name::NamespaceName, reference::VaultRef};

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
    /// trailing slash. `cluster_domain` is that of this cluster (`cluster.local`). Errors: [`AudienceError`].
    pub fn parse(resource: &str, cluster_domain: &str) -> Result<Self, AudienceError> {
        let resource = resource.strip_suffix('/').unwrap_or(resource);
        let (scheme, authority) = resource.split_once("://").ok_or(AudienceError::Form)?;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(AudienceError::Form);
        }
        Self::from_authority(authority, cluster_domain)
    }

    /// Parses an OAuth scope: `RESOURCE/.default`.
    pub fn from_scope(scope: &str, cluster_domain: &str) -> Result<Self, AudienceError> {
        Self::parse(
            scope.strip_suffix("/.default").ok_or(AudienceError::Form)?,
            cluster_domain,
        )
    }

    /// Parses `HOST[:PORT]`, as in a Host header.
    pub fn from_authority(authority: &str, cluster_domain: &str) -> Result<Self, AudienceError> {
        let host = match authority.split_once(':') {
            None => authority,
            Some((host, port)) if is_port(port) => host,
            Some(_) => return Err(AudienceError::Form),
        };
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix(&format!(".{cluster_domain}")).unwrap_or(&host);
        let host = host.strip_suffix(".svc").ok_or(AudienceError::Host)?;
        match host.split_once('.') {
            None => host.parse().map(Self::Namespace).map_err(|_| AudienceError::Host),
            Some((name, namespace)) => Ok(Self::Vault(VaultRef {
                namespace: namespace.parse().map_err(|_| AudienceError::Host)?,
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
        Audience::parse(text, "cluster.local").map(|audience| audience.to_string())
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
        assert!(Audience::from_scope("https://team-a.svc/.default", "cluster.local").is_ok());
        assert!(Audience::from_scope("https://team-a.svc", "cluster.local").is_err());
        assert!(Audience::from_scope("https://team-a.svc/.default offline", "cluster.local").is_err());
    }

    #[test]
    fn a_vaults_token_covers_that_vault_alone() {
        let vault =
            |namespace: &str, name: &str| VaultRef::new(namespace.parse().unwrap(), name.parse().unwrap());
        let (prod, dev, other) = (
            vault("team-a", "prod"),
            vault("team-a", "dev"),
            vault("team-b", "prod"),
        );
        let one = Audience::parse("https://prod.team-a.svc", "cluster.local").unwrap();
        assert!(one.covers(&prod) && !one.covers(&dev) && !one.covers(&other));
        let all = Audience::parse("https://team-a.svc", "cluster.local").unwrap();
        assert!(all.covers(&prod) && all.covers(&dev) && !all.covers(&other));
    }
}
