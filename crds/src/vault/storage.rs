//! Where a vault's data lies.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::VaultSpecError;

/// Where a vault's data lies: a union, `type` names the member.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("self.type != 'Embedded' || has(self.embedded)").message("Storage of type Embedded needs the member embedded; embedded: {} takes its defaults."))]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Embedded: one volume of the vault's own. It cannot change after creation.
    #[serde(rename = "type")]
    pub type_: StorageType,
    /// The volume, for type Embedded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedded: Option<EmbeddedStorage>,
}

/// The kinds of storage.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum StorageType {
    /// A volume of the vault's own.
    Embedded,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// The volume of a vault.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EmbeddedStorage {
    /// How large the volume is, in bytes with a Kubernetes suffix, at least 32Mi. It holds the store and the audit
    /// log; it can grow where the storage class allows it, and never shrink. Default: 1Gi.
    #[serde(default = "EmbeddedStorage::default_size")]
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(validation = Rule::new("isQuantity(self) && quantity(self).compareTo(quantity('32Mi')) >= 0").message("size is a quantity of at least 32Mi, such as 1Gi."))]
    pub size: String,
    /// The storage class of the volume. It cannot change after creation. Default: the cluster's default class.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub storage_class_name: Option<String>,
}

/// The storage of a vault, with the member that its type names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StorageBackend<'a> {
    /// A volume of the vault's own.
    Embedded(&'a EmbeddedStorage),
}

impl Storage {
    /// The member that `type` names.
    pub fn backend(&self) -> Result<StorageBackend<'_>, VaultSpecError> {
        match (self.type_, &self.embedded) {
            (StorageType::Embedded, Some(embedded)) => Ok(StorageBackend::Embedded(embedded)),
            (StorageType::Embedded, None) => Err(VaultSpecError::MissingMember {
                field: "storage.embedded",
            }),
            (StorageType::Unknown, _) => Err(VaultSpecError::UnknownValue {
                field: "storage.type",
            }),
        }
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            type_: StorageType::Embedded,
            embedded: Some(EmbeddedStorage::default()),
        }
    }
}

impl EmbeddedStorage {
    fn default_size() -> String {
        "1Gi".to_owned()
    }
}

impl Default for EmbeddedStorage {
    fn default() -> Self {
        Self {
            size: Self::default_size(),
            storage_class_name: None,
        }
    }
}
