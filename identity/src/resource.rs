//! The resources that tokens may be minted for.

use std::collections::BTreeSet;

use strongroom_core::{Audience, audience::AudienceError};

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
    /// A host that is no vault's and not listed by the installer, or the API server's.
    #[error("tokens are minted for VAULT.NAMESPACE.svc and NAMESPACE.svc only, and never for the API server")]
    Host,
}

/// What MSAL of Go and Java adds to every scope (`OpenID` Connect Core 1.0, sections 5.4 and 11). It asks for
/// tokens about a person, and nobody owes those to a client that logs in as itself.
const OPENID_SCOPES: [&str; 3] = ["openid", "profile", "offline_access"];

/// The resources of one installation.
#[derive(Debug, Clone)]
pub(crate) struct Resources {
    cluster_domain: String,
    outside: BTreeSet<String>,
}

impl Resources {
    /// Vaults of the cluster, and the hosts `outside` it. The error names the one that is not allowed.
    pub(crate) fn new(cluster_domain: &str, outside: &[String]) -> Result<Self, (String, ResourceError)> {
        let mut resources = Self {
            cluster_domain: cluster_domain.to_owned(),
            outside: BTreeSet::new(),
        };
        for text in outside {
            let host = resources
                .outside_host(text)
                .map_err(|error| (text.clone(), error))?;
            resources.outside.insert(format!("https://{host}"));
        }
        Ok(resources)
    }

    /// The audience to sign for a request's `scope` (RFC 6749, section 3.3), in its canonical form.
    pub(crate) fn audience_of(&self, scope: &str) -> Result<String, ResourceError> {
        let resource = resource_scope(scope)?
            .strip_suffix("/.default")
            .ok_or(ResourceError::Scope)?;
        match Audience::parse(resource, &self.cluster_domain) {
            Ok(audience) => Ok(audience.to_string()),
            Err(AudienceError::Form) => Err(ResourceError::Form),
            Err(AudienceError::Host) => {
                let resource = format!("https://{}", host(resource)?);
                if self.outside.contains(&resource) {
                    Ok(resource)
                } else {
                    Err(ResourceError::Host)
                }
            }
        }
    }

    /// The host of a resource that is outside the cluster. Hosts inside need no list, and those of the API server are
    /// inside.
    fn outside_host(&self, resource: &str) -> Result<String, ResourceError> {
        let host = host(resource)?;
        let first = host.split('.').next().unwrap_or_default();
        let is_inside = !host.contains('.')
            || first == "kubernetes"
            || host.rsplit('.').next() == Some("svc")
            || host.ends_with(&format!(".{}", self.cluster_domain.to_ascii_lowercase()));
        if is_inside {
            Err(ResourceError::Host)
        } else {
            Ok(host)
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

/// The host of `https://HOST[:PORT][/]`, in lower case.
fn host(resource: &str) -> Result<String, ResourceError> {
    let resource = resource.strip_suffix('/').unwrap_or(resource);
    let (scheme, authority) = resource.split_once("://").ok_or(ResourceError::Form)?;
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    if scheme.eq_ignore_ascii_case("https") && !host.is_empty() && host.bytes().all(is_host) {
        Ok(host.to_ascii_lowercase())
    } else {
        Err(ResourceError::Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resources(outside: &[&str]) -> Result<Resources, (String, ResourceError)> {
        let outside: Vec<_> = outside.iter().map(|&text| text.to_owned()).collect();
        Resources::new("cluster.local", &outside)
    }

    #[test]
    fn the_canonical_form_is_signed_whatever_the_spelling() {
        let resources = resources(&[]).unwrap();
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
        let resources = resources(&[]).unwrap();
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
        let resources = resources(&[]).unwrap();
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
        let resources = resources(&[]).unwrap();
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

    #[test]
    fn a_listed_outside_host_is_allowed_and_no_other() {
        let resources = resources(&["https://Vault.Azure.net"]).unwrap();
        assert_eq!(
            resources
                .audience_of("https://vault.azure.net/.default")
                .as_deref(),
            Ok("https://vault.azure.net")
        );
        assert!(
            resources
                .audience_of("https://x.vault.azure.net/.default")
                .is_err()
        );
    }

    #[test]
    fn the_installer_cannot_list_the_api_server() {
        for text in [
            "https://kubernetes.default.svc",
            "https://kubernetes.default",
            "https://kubernetes",
            "https://kubernetes.default.svc.cluster.local",
            "https://api.cluster.local",
            "http://vault.azure.net",
        ] {
            assert!(resources(&[text]).is_err(), "{text}");
        }
    }
}
