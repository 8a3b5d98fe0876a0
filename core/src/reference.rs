//! References: which vault, which SecretRef, which service account, which object, and how each is spelled.
//!
//! ```text
//!   VaultRef      namespace, name         prod.team-a.svc   https://prod.team-a.svc   team-a/prod
//!   SecretRefName namespace, name         shop/db
//!   AccountName   namespace, name         shop:api          system:serviceaccount:shop:api
//!   NamedObject   kind, name, version     secrets/db-password/0123456789abcdef0123456789abcdef
//! ```
//!
//! No other file of ours puts these texts together, or takes them apart.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    name::{NamespaceName, ObjectKind, ObjectName, VaultName, Version},
    resource::ResourceName,
};

/// The name of the identity service's Service, in the namespace of the release.
pub const IDENTITY_SERVICE: &str = "strongroom-identity";

/// The headless Service by which vaults find every replica of the identity service.
pub const IDENTITY_PEERS_SERVICE: &str = "strongroom-identity-peers";

/// The host of a Service: `SERVICE.NAMESPACE.svc`. Every cluster resolves it, whatever its domain.
pub fn service_host(service: &str, namespace: &NamespaceName) -> String {
    format!("{service}.{namespace}.svc")
}

/// A vault: its namespace and its name. Displays as `NAMESPACE/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VaultRef {
    /// The namespace of the Vault.
    pub namespace: NamespaceName,
    /// The name of the Vault.
    pub name: VaultName,
}

impl VaultRef {
    /// The vault `name` in `namespace`.
    pub const fn new(namespace: NamespaceName, name: VaultName) -> Self {
        Self { namespace, name }
    }

    /// The host that clients call: `NAME.NAMESPACE.svc`.
    pub fn host(&self) -> String {
        service_host(self.name.as_str(), &self.namespace)
    }

    /// The host with the cluster's domain: `NAME.NAMESPACE.svc.cluster.local`.
    pub fn fqdn(&self, cluster_domain: &str) -> String {
        format!("{}.{cluster_domain}", self.host())
    }

    /// The vault's URL, which is also the audience that its tokens carry: `https://NAME.NAMESPACE.svc`.
    pub fn url(&self) -> String {
        format!("https://{}", self.host())
    }

    /// The headless Service that gives each replica its own host: `NAME-internal`.
    pub fn replicas_service(&self) -> String {
        format!("{}-internal", self.name)
    }

    /// The host of the replica with this ordinal: `NAME-ORDINAL.NAME-internal.NAMESPACE.svc`.
    pub fn replica_host(&self, ordinal: u32) -> String {
        let service = self.replicas_service();
        service_host(&format!("{}-{ordinal}.{service}", self.name), &self.namespace)
    }
}

impl fmt::Display for VaultRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The name of a SecretRef in its namespace. Displays as `NAMESPACE/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SecretRefName {
    /// The namespace of the SecretRef.
    pub namespace: NamespaceName,
    /// The name of the SecretRef.
    pub name: ResourceName,
}

impl fmt::Display for SecretRefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Why a text is not the name of a service account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountNameError {
    /// Not `NAMESPACE:NAME`.
    #[error("a service account is NAMESPACE:NAME")]
    Form,
    /// Not the subject of a service account: `system:serviceaccount:NAMESPACE:NAME`.
    #[error("the subject of a service account is system:serviceaccount:NAMESPACE:NAME")]
    Subject,
}

/// The name of a service account in its namespace. Displays, and parses, as `NAMESPACE:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName {
    /// The namespace of the account.
    pub namespace: NamespaceName,
    /// The name of the account.
    pub name: ResourceName,
}

impl AccountName {
    /// What stands before `NAMESPACE:NAME` in a subject.
    pub const SUBJECT_PREFIX: &str = "system:serviceaccount:";

    /// The account of a subject, as Kubernetes writes it into tokens and reviews (Kubernetes documentation,
    /// Authenticating: "Service account tokens"). Errors: [`AccountNameError::Subject`].
    pub fn from_subject(subject: &str) -> Result<Self, AccountNameError> {
        subject
            .strip_prefix(Self::SUBJECT_PREFIX)
            .and_then(|account| account.parse().ok())
            .ok_or(AccountNameError::Subject)
    }

    /// The account as conditions, events and messages name it: `NAMESPACE/NAME`, like any object of a namespace.
    pub fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// The subject: `system:serviceaccount:NAMESPACE:NAME`.
    pub fn subject(&self) -> String {
        format!("{}{self}", Self::SUBJECT_PREFIX)
    }
}

impl FromStr for AccountName {
    type Err = AccountNameError;

    fn from_str(text: &str) -> Result<Self, AccountNameError> {
        let (namespace, name) = text.split_once(':').ok_or(AccountNameError::Form)?;
        Ok(Self {
            namespace: namespace.parse().map_err(|_| AccountNameError::Form)?,
            name: name.parse().map_err(|_| AccountNameError::Form)?,
        })
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.namespace, self.name)
    }
}

/// An object by its kind and name, whatever its version. Each kind has names of its own: a secret and a key may have
/// the same. Displays as the path in the vault's API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectPath {
    /// The kind of the object.
    pub kind: ObjectKind,
    /// The name of the object.
    pub name: ObjectName,
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// An object by its kind and name, and the version where one is meant. Displays as the path in the vault's API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NamedObject {
    /// The kind of the object.
    pub kind: ObjectKind,
    /// The name of the object.
    pub name: ObjectName,
    /// The version; `None` follows the current one.
    pub version: Option<Version>,
}

impl NamedObject {
    /// The object, whatever its version.
    pub fn path(&self) -> ObjectPath {
        ObjectPath {
            kind: self.kind,
            name: self.name.clone(),
        }
    }
}

impl fmt::Display for NamedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)?;
        self.version.map_or(Ok(()), |version| write!(f, "/{version}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_has_one_host_in_every_spelling() {
        let vault = VaultRef::new("team-a".parse().unwrap(), "prod".parse().unwrap());
        assert_eq!(vault.to_string(), "team-a/prod");
        assert_eq!(vault.host(), "prod.team-a.svc");
        assert_eq!(vault.fqdn("cluster.local"), "prod.team-a.svc.cluster.local");
        assert_eq!(vault.url(), "https://prod.team-a.svc");
        assert_eq!(vault.replica_host(0), "prod-0.prod-internal.team-a.svc");
    }

    #[test]
    fn an_account_survives_its_text_and_its_subject() {
        let account: AccountName = "shop:api".parse().unwrap();
        assert_eq!(account.to_string(), "shop:api");
        assert_eq!(account.path(), "shop/api");
        assert_eq!(account.subject(), "system:serviceaccount:shop:api");
        assert_eq!(AccountName::from_subject(&account.subject()), Ok(account));
    }

    #[test]
    fn what_is_no_account_is_refused() {
        for text in ["", "shop", "shop:", ":api", "shop:api:x", "Shop:api", "shop:a/b"] {
            assert_eq!(text.parse::<AccountName>(), Err(AccountNameError::Form), "{text}");
        }
        for subject in [
            "",
            "shop:api",
            "system:serviceaccount:shop",
            "system:node:shop:api",
            "system:serviceaccount:a:b:c",
        ] {
            assert_eq!(
                AccountName::from_subject(subject),
                Err(AccountNameError::Subject),
                "{subject}"
            );
        }
    }

    #[test]
    fn an_object_displays_as_its_path() {
        let mut object = NamedObject {
            kind: ObjectKind::Secrets,
            name: "DB".parse().unwrap(),
            version: None,
        };
        assert_eq!(object.to_string(), "secrets/db");
        object.version = Some(Version::from_bytes([0xab; 16]));
        assert_eq!(object.to_string(), format!("secrets/db/{}", "ab".repeat(16)));
    }
}
