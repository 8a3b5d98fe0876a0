//! The names under which the servers on this machine are reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use strongroom_core::{NamespaceName, VaultRef};

/// Where the login is: a name that every machine resolves.
pub const LOGIN_HOST: &str = "localhost";

/// The parent of every vault's name, and the resource that Azure's SDKs ask tokens for. What is below `localhost` is this
/// machine (RFC 6761, 6.3), and the parent of a vault's host is no host itself, so that SDKs verify the challenge.
pub const DOMAIN: &str = "vault.localhost";

/// The names that the authority on this machine may sign for, with those below each: names that mean this machine, for a
/// program on it or in a container on it, and nothing anywhere else.
pub const PERMITTED: [&str; 5] = [
    "localhost",
    "localhost.localdomain",
    "docker.internal",
    "containers.internal",
    "strongroom",
];

/// What every certificate names beside the vaults.
pub const ALSO: [&str; 5] = [
    LOGIN_HOST,
    "localhost.localdomain",
    "host.docker.internal",
    "host.containers.internal",
    "strongroom",
];

/// The parents of these: what Azure's SDKs ask tokens for, of a vault that they reach under such a name.
pub const PARENTS: [&str; 3] = ["localdomain", "docker.internal", "containers.internal"];

/// The addresses of this machine that a certificate names.
pub const ADDRESSES: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// The domain of the vaults of a namespace: those of the first are right below [`DOMAIN`].
pub fn domain_of(namespace: &NamespaceName, first: &NamespaceName) -> String {
    if namespace == first {
        DOMAIN.to_owned()
    } else {
        format!("{namespace}.{DOMAIN}")
    }
}

/// The host of a vault.
pub fn host_of(vault: &VaultRef, first: &NamespaceName) -> String {
    format!("{}.{}", vault.name, domain_of(&vault.namespace, first))
}

/// The parent of the names of Azure's own vaults, under which the vaults of the first namespace are only where the user asks for it.
pub const AZURE: &str = "vault.azure.net";

/// Whether the authority may sign for a name.
pub fn is_permitted(name: &str) -> bool {
    is_below(name, &PERMITTED)
}

/// Whether a name is one of these domains, or below one of them.
pub fn is_below(name: &str, domains: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    domains.iter().any(|domain| {
        let before = name.strip_suffix(domain);
        before.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vaults_of_the_first_namespace_are_right_below_the_domain() {
        let vault = |namespace: &str| VaultRef::new(namespace.parse().unwrap(), "prod".parse().unwrap());
        let first = "team-a".parse().unwrap();
        assert_eq!(host_of(&vault("team-a"), &first), "prod.vault.localhost");
        assert_eq!(host_of(&vault("team-b"), &first), "prod.team-b.vault.localhost");
    }

    #[test]
    fn names_of_other_machines_are_not_permitted() {
        for name in [
            "localhost",
            "a.Vault.localhost",
            "host.docker.internal",
            "strongroom",
        ] {
            assert!(is_permitted(name), "{name}");
        }
        for name in [
            "example.com",
            "mylocalhost",
            "localhost.example.com",
            "vault.azure.net",
            "",
        ] {
            assert!(!is_permitted(name), "{name}");
        }
    }
}
