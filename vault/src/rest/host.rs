//! The name a request was sent to: one of this vault's, or nothing else is looked at.

use http::{Version, header::HOST, request::Parts};
use strongroom_core::{Audience, VaultRef};

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

/// The hosts a vault answers to: `NAME.NAMESPACE.svc`, alone or with the cluster's domain, with any port.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    /// Gives the name and the namespace.
    pub(crate) vault: VaultRef,
    /// As `cluster.local`.
    pub(crate) cluster_domain: String,
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
    /// since they refuse one that is not a parent of the vault's host.
    pub(crate) fn parent(&self) -> &str {
        let parent = self.0.split_once('.').map_or("", |(_, parent)| parent);
        parent.strip_suffix(":443").unwrap_or(parent)
    }
}

impl Hosts {
    /// The host `request` was sent to.
    pub(crate) fn of(&self, request: &Parts) -> Result<Host, HostError> {
        let host = named(request)?.to_ascii_lowercase();
        let audience = Audience::from_authority(&host, &self.cluster_domain).map_err(|_| HostError::Other)?;
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
            cluster_domain: "cluster.local".into(),
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
        for (host, parent) in [
            ("prod.team-a.svc", "team-a.svc"),
            ("PROD.team-a.SVC:8443", "team-a.svc:8443"),
            ("prod.team-a.svc:443", "team-a.svc"),
            ("prod.team-a.svc.cluster.local:1", "team-a.svc.cluster.local:1"),
        ] {
            let found = of(host).unwrap();
            assert_eq!(
                (found.as_str(), found.parent()),
                (host.to_ascii_lowercase().as_str(), parent)
            );
        }
    }

    #[test]
    fn every_other_host_is_refused() {
        for host in [
            "dev.team-a.svc",
            "prod.team-b.svc",
            "team-a.svc",
            "localhost",
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
