//! The name a request was sent to: one of this vault's, or nothing else is looked at.

use std::net::Ipv4Addr;

use http::{Version, header::HOST, request::Parts};
use strongroom_core::{Audience, Domains, VaultRef};

/// Why a request's target names no vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostError {
    /// No host, several, two that disagree, or a target in absolute form.
    #[error("The request must name its host exactly once.")]
    Malformed,
    /// A host that is not configured.
    #[error("The host is not this vault's.")]
    Other,
}

/// The hosts a vault answers to: `NAME.NAMESPACE.svc`, alone or with the cluster's domain, and `NAME.DOMAIN` of each further
/// domain, with any port.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    /// Gives the name and the namespace.
    pub(crate) vault: VaultRef,
    /// Under which vaults are reached.
    pub(crate) domains: Domains,
}

/// The host and port a request was sent to, in lower case: ids and links are written with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host(String);

impl Host {
    /// `HOST[:PORT]`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The parent domain with the same port, unless it is the default: what Azure's clients take as the resource,
    /// since they refuse one that is not a parent of the vault's host. A host that has no parent is its own resource.
    pub(crate) fn resource(&self) -> &str {
        let whole = self.0.strip_suffix(":443").unwrap_or(&self.0);
        let name = whole.split_once(':').map_or(whole, |(name, _)| name);
        if name.parse::<Ipv4Addr>().is_ok() {
            return whole;
        }
        match name.split_once('.') {
            Some(_) => whole.split_once('.').map_or(whole, |(_, parent)| parent),
            None => whole,
        }
    }
}

impl Hosts {
    /// The host `request` was sent to.
    pub(crate) fn of(&self, request: &Parts) -> Result<Host, HostError> {
        let host = named(request)?.to_ascii_lowercase();
        let audience = Audience::from_authority(&host, &self.domains).map_err(|_| HostError::Other)?;
        match audience {
            Audience::Vault(vault) if vault == self.vault => Ok(Host(host)),
            Audience::Vault(_) | Audience::Namespace(_) => Err(HostError::Other),
        }
    }
}

/// The host as the request names it: in `:authority` (HTTP/2) or in its only `Host` header.
fn named(request: &Parts) -> Result<&str, HostError> {
    let mut headers = request.headers.get_all(HOST).iter();
    let header = headers
        .next()
        .map(|value| value.to_str().map_err(|_| HostError::Malformed))
        .transpose()?;
    if headers.next().is_some() {
        return Err(HostError::Malformed);
    }
    let authority = request.uri.authority().map(http::uri::Authority::as_str);
    match (request.version == Version::HTTP_2, authority, header) {
        (true, Some(authority), None) => Ok(authority),
        (true, Some(authority), Some(header)) if authority.eq_ignore_ascii_case(header) => Ok(authority),
        (_, None, Some(header)) => Ok(header),
        _ => Err(HostError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn hosts() -> Hosts {
        Hosts {
            vault: VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap()),
            domains: Domains::of_cluster("cluster.local").with(
                [
                    "vault.example.com=team-a",
                    "localhost=team-a/prod",
                    "127.0.0.1=team-a/prod",
                ]
                .map(|domain| domain.parse().unwrap()),
            ),
        }
    }

    fn of(host: &str) -> Result<Host, HostError> {
        parts(Request::get("/secrets").header(HOST, host))
    }

    fn parts(request: http::request::Builder) -> Result<Host, HostError> {
        hosts().of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_vaults_names_are_its_hosts_with_any_port() {
        for (host, resource) in [
            ("prod.team-a.svc", "team-a.svc"),
            ("PROD.team-a.SVC:8443", "team-a.svc:8443"),
            ("prod.team-a.svc:443", "team-a.svc"),
            ("prod.team-a.svc.cluster.local:1", "team-a.svc.cluster.local:1"),
            ("prod.vault.example.com:8443", "vault.example.com:8443"),
            ("localhost:8443", "localhost:8443"),
            ("localhost:443", "localhost"),
            ("127.0.0.1:8443", "127.0.0.1:8443"),
        ] {
            let found = of(host).unwrap();
            assert_eq!(
                (found.as_str(), found.resource()),
                (host.to_ascii_lowercase().as_str(), resource)
            );
        }
    }

    #[test]
    fn every_other_host_is_refused() {
        for host in [
            "dev.team-a.svc",
            "prod.team-b.svc",
            "team-a.svc",
            "localhost.localdomain",
            "a.localhost",
            "dev.vault.example.com",
            "vault.example.com",
            "10.0.0.1:8443",
            "prod.team-a.svc.",
            "prod.team-a.svc.example.com",
            "user@prod.team-a.svc",
            "prod.team-a.svc:0",
            "prod.team-a.svc:x",
            "",
        ] {
            assert_eq!(of(host), Err(HostError::Other), "{host}");
        }
    }

    #[test]
    fn two_hosts_or_none_are_malformed() {
        let two = Request::get("/")
            .header(HOST, "prod.team-a.svc")
            .header(HOST, "prod.team-a.svc");
        assert_eq!(parts(two), Err(HostError::Malformed));
        assert_eq!(parts(Request::get("/")), Err(HostError::Malformed));
    }

    #[test]
    fn an_absolute_target_is_malformed_and_an_authority_of_http2_is_the_host() {
        let request = |version| Request::get("https://prod.team-a.svc/secrets").version(version);
        assert_eq!(parts(request(Version::HTTP_11)), Err(HostError::Malformed));
        assert!(parts(request(Version::HTTP_2)).is_ok());
        let split = request(Version::HTTP_2).header(HOST, "dev.team-a.svc");
        assert_eq!(parts(split), Err(HostError::Malformed));
    }
}
