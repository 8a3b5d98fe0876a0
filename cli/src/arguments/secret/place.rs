//! Where a secret is: in a vault, or in Kubernetes.

use std::str::FromStr;

use strongroom_core::{NamespaceName, ObjectName};

use super::super::names::VaultPath;

/// A secret of a vault: `NAME`, `VAULT:NAME` or `NAMESPACE/VAULT:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretPlace {
    /// The vault, where it is not that of the command.
    pub(crate) vault: Option<VaultPath>,
    pub(crate) name: ObjectName,
}

impl FromStr for SecretPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (vault, name) = match text.rsplit_once(':') {
            Some((vault, name)) => (Some(vault), name),
            None => (None, text),
        };
        let vault = vault.map(str::parse).transpose();
        let vault = vault.map_err(|error| format!("a secret is NAME, or NAMESPACE/VAULT:NAME: {error}"))?;
        let name = name
            .parse()
            .map_err(|error| format!("a secret is NAME, or NAMESPACE/VAULT:NAME: {error}"))?;
        Ok(Self { vault, name })
    }
}

/// A Kubernetes Secret: `NAMESPACE/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KubernetesSecret {
    pub(crate) namespace: NamespaceName,
    pub(crate) name: String,
}

impl FromStr for KubernetesSecret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a Kubernetes Secret is NAMESPACE/NAME".to_owned();
        let (namespace, name) = text.split_once('/').ok_or_else(wrong)?;
        let is_name = !name.is_empty()
            && name.len() <= 253
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte))
            // As a path, these two are no names.
            && !matches!(name, "." | "..");
        if !is_name {
            return Err(wrong());
        }
        Ok(Self {
            namespace: namespace.parse().map_err(|_| wrong())?,
            name: name.to_owned(),
        })
    }
}

/// A value in it: `NAMESPACE/NAME`, or `NAMESPACE/NAME:KEY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KubernetesKey {
    pub(crate) secret: KubernetesSecret,
    /// The key; none where the Secret has but one.
    pub(crate) key: Option<String>,
}

impl FromStr for KubernetesKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (secret, key) = match text.split_once(':') {
            Some((_, "")) => return Err("the key is missing: NAMESPACE/NAME:KEY".to_owned()),
            Some((secret, key)) => (secret, Some(key.to_owned())),
            None => (text, None),
        };
        Ok(Self {
            secret: secret.parse()?,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_may_name_its_vault() {
        let place: SecretPlace = "team-a/prod:db".parse().unwrap();
        assert_eq!(place.name.as_str(), "db");
        assert_eq!(place.vault, Some("team-a/prod".parse().unwrap()));
        assert_eq!("db".parse::<SecretPlace>().unwrap().vault, None);
        for text in ["", ":db", "team-a/prod:", "a/b/c:db", "d b"] {
            let refused = text.parse::<SecretPlace>().unwrap_err();
            assert!(refused.starts_with("a secret is NAME"), "{text}: {refused}");
        }
    }

    #[test]
    fn a_kubernetes_secret_names_its_namespace_and_perhaps_a_key() {
        let key: KubernetesKey = "shop/db:tls.crt".parse().unwrap();
        assert_eq!(
            (key.secret.name.as_str(), key.key.as_deref()),
            ("db", Some("tls.crt"))
        );
        assert_eq!("shop/db".parse::<KubernetesKey>().unwrap().key, None);
        for text in [
            "db",
            "shop/",
            "/db",
            "shop/db:",
            "shop/../x",
            "shop/..",
            "Shop/db",
            "shop/d b",
        ] {
            assert!(text.parse::<KubernetesKey>().is_err(), "{text}");
        }
    }
}
