//! The domains under which vaults are reached.

use std::{fmt, str::FromStr};

use crate::{
    name::{NamespaceName, VaultName},
    reference::VaultRef,
};

/// The longest name of a domain, as DNS has it.
const LONGEST_NAME: usize = 253;

/// The longest label of a name, as DNS has it.
const LONGEST_LABEL: usize = 63;

/// The domains of the vaults of one cluster: its own, and those that lead into it, or stand for it where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domains {
    cluster: String,
    further: Vec<FurtherDomain>,
}

impl Domains {
    /// The cluster's own DNS domain (`cluster.local`).
    pub fn of_cluster(domain: &str) -> Self {
        Self {
            cluster: domain.to_ascii_lowercase(),
            further: Vec::new(),
        }
    }

    /// With further ones.
    #[must_use]
    pub fn with(mut self, further: impl IntoIterator<Item = FurtherDomain>) -> Self {
        self.further.extend(further);
        // A domain below another one is the one that is meant.
        self.further
            .sort_by_key(|domain| std::cmp::Reverse(domain.name.len()));
        self
    }

    /// What a host in lower case names: a namespace, and perhaps a vault in it. Neither is more than text yet.
    pub(crate) fn split<'a>(&'a self, host: &'a str) -> Option<(&'a str, Option<&'a str>)> {
        let inner = host
            .strip_suffix(&self.cluster)
            .and_then(|rest| rest.strip_suffix('.'))
            .unwrap_or(host);
        // What the cluster itself names so is never anything else.
        if let Some(name) = inner.strip_suffix(".svc") {
            return Some(match name.split_once('.') {
                None => (name, None),
                Some((vault, namespace)) => (namespace, Some(vault)),
            });
        }
        self.further.iter().find_map(|domain| {
            if host == domain.name {
                return Some((
                    domain.namespace.as_str(),
                    domain.vault.as_ref().map(VaultName::as_str),
                ));
            }
            let below = host
                .strip_suffix(&domain.name)
                .and_then(|rest| rest.strip_suffix('.'))
                .filter(|_| domain.vault.is_none());
            below.map(|vault| (domain.namespace.as_str(), Some(vault)))
        })
    }
}

/// A domain that leads to the vaults of one namespace: `NAME=NAMESPACE`. A vault is `VAULT.NAME`, and the domain itself means
/// all of them, as Azure's SDKs ask for tokens of the parent of a vault's host. With `NAME=NAMESPACE/VAULT` the name is itself
/// the host of that vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FurtherDomain {
    name: String,
    namespace: NamespaceName,
    vault: Option<VaultName>,
}

/// The text is no domain of vaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected DOMAIN=NAMESPACE or HOST=NAMESPACE/VAULT, such as vault.example.com=team-a, and no domain with a label svc"
)]
pub struct DomainError;

impl FurtherDomain {
    /// A domain of the vaults of a namespace.
    ///
    /// # Errors
    /// It is no name of DNS, or one that only a cluster has.
    pub fn new(name: &str, namespace: NamespaceName) -> Result<Self, DomainError> {
        // The last label of an address is a number.
        let is_address = name
            .rsplit('.')
            .next()
            .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if is_address {
            return Err(DomainError);
        }
        Self::of(name, namespace, None)
    }

    /// A host of one vault, which may be an address of IPv4.
    ///
    /// # Errors
    /// It is no name of DNS, or one that only a cluster has.
    pub fn host(name: &str, vault: VaultRef) -> Result<Self, DomainError> {
        Self::of(name, vault.namespace, Some(vault.name))
    }

    fn of(name: &str, namespace: NamespaceName, vault: Option<VaultName>) -> Result<Self, DomainError> {
        let name = name.to_ascii_lowercase();
        let is_label = |label: &str| {
            let clean = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            (1..=LONGEST_LABEL).contains(&label.len())
                && label.bytes().all(clean)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_clusters = name.split('.').any(|label| label == "svc");
        if name.len() > LONGEST_NAME || !name.split('.').all(is_label) || is_clusters {
            return Err(DomainError);
        }
        Ok(Self {
            name,
            namespace,
            vault,
        })
    }

    /// The name of the domain, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for FurtherDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.namespace)?;
        match &self.vault {
            Some(vault) => write!(f, "/{vault}"),
            None => Ok(()),
        }
    }
}

impl FromStr for FurtherDomain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let (name, of) = text.split_once('=').ok_or(DomainError)?;
        let (namespace, vault) = match of.split_once('/') {
            Some((namespace, vault)) => (namespace, Some(vault)),
            None => (of, None),
        };
        let namespace = namespace.parse().map_err(|_| DomainError)?;
        match vault {
            Some(vault) => {
                let vault = vault.parse().map_err(|_| DomainError)?;
                Self::host(name, VaultRef::new(namespace, vault))
            }
            None => Self::new(name, namespace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_a_name_of_dns_that_no_cluster_has() {
        for text in [
            "vault.example.com=team-a",
            "localhost=dev",
            "localhost=dev/prod",
            "127.0.0.1=dev/prod",
        ] {
            assert_eq!(text.parse::<FurtherDomain>().unwrap().to_string(), text);
        }
        assert_eq!(
            "Vault.LocalHost=dev".parse::<FurtherDomain>().unwrap().name(),
            "vault.localhost"
        );
        for text in [
            "vault.example.com",
            "=team-a",
            "vault.example.com=",
            "vault.example.com=Team A",
            "vault.example.com=team-a/",
            "vault.example.com=team-a/a.b",
            "vault.example.com=team-a/kubernetes",
            "team-b.svc=team-a",
            "prod.team-b.svc=team-a/prod",
            "svc=team-a",
            "svc.cluster.local=team-a",
            ".example.com=team-a",
            "example.com.=team-a",
            "-a.example=team-a",
            "10.0.0.1=team-a",
            "a b=team-a",
            "*.example.com=team-a",
            "example.com:443=team-a",
        ] {
            assert_eq!(text.parse::<FurtherDomain>(), Err(DomainError), "{text}");
        }
        let long = format!("{}.example=team-a", "a".repeat(64));
        assert!(long.parse::<FurtherDomain>().is_err());
    }
}
