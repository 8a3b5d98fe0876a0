//! What a policy lets its subjects do.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strongroom_core::{Permission, PermissionSet};

use super::PolicySpecError;

/// Permissions by Azure's names, one list per kind of object. There is no word for all of them.
#[derive(Clone, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("has(self.secrets)").message("permissions names at least one permission, as in secrets: [get]."))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Permissions {
    /// What may be done with secrets: get, list, set, delete, backup, restore, recover, purge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub secrets: Option<Vec<SecretPermission>>,
}

/// What may be done with secrets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = crate::schema::undescribed)]
pub enum SecretPermission {
    /// Read the value and attributes of a secret.
    Get,
    /// List secrets and versions, without values.
    List,
    /// Set a value or change attributes.
    Set,
    /// Delete, recoverably.
    Delete,
    /// Take an encrypted backup.
    Backup,
    /// Restore an encrypted backup.
    Restore,
    /// Recover a deleted secret.
    Recover,
    /// Destroy a deleted secret before its retention ends.
    Purge,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// A built-in role.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum RoleField {
    /// Read secrets: get and list.
    KeyVaultSecretsUser,
    /// Everything with secrets.
    KeyVaultSecretsOfficer,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Permissions {
    /// The permissions as one set.
    pub(super) fn to_set(&self) -> Result<PermissionSet, PolicySpecError> {
        self.secrets
            .iter()
            .flatten()
            .map(|permission| permission.to_core())
            .collect()
    }
}

impl SecretPermission {
    fn to_core(self) -> Result<Permission, PolicySpecError> {
        match self {
            Self::Get => Ok(Permission::SecretGet),
            Self::List => Ok(Permission::SecretList),
            Self::Set => Ok(Permission::SecretSet),
            Self::Delete => Ok(Permission::SecretDelete),
            Self::Backup => Ok(Permission::SecretBackup),
            Self::Restore => Ok(Permission::SecretRestore),
            Self::Recover => Ok(Permission::SecretRecover),
            Self::Purge => Ok(Permission::SecretPurge),
            Self::Unknown => Err(PolicySpecError::UnknownValue {
                field: "permissions.secrets",
            }),
        }
    }
}

impl RoleField {
    /// What the role permits.
    pub(super) fn to_set(self) -> Result<PermissionSet, PolicySpecError> {
        match self {
            Self::KeyVaultSecretsUser => Ok(strongroom_core::Role::KeyVaultSecretsUser.permissions()),
            Self::KeyVaultSecretsOfficer => Ok(strongroom_core::Role::KeyVaultSecretsOfficer.permissions()),
            Self::Unknown => Err(PolicySpecError::UnknownValue { field: "role" }),
        }
    }
}
