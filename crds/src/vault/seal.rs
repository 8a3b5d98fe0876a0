//! What protects the key that opens a vault's data.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::VaultSpecError;

/// What protects the key that opens a vault's data: a union, `type` names the member.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Seal {
    /// KubernetesSecret: the seal key lies in the Secret NAME-seal beside the vault, and anyone who can read that Secret
    /// and the volume can read everything; the condition SealKeyInCluster says so. It cannot change by editing the vault.
    #[serde(rename = "type")]
    pub type_: SealType,
}

/// The kinds of seal.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum SealType {
    /// A key in a Secret beside the vault.
    KubernetesSecret,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl Seal {
    /// Refuses a seal that this release does not know.
    pub(super) fn check(&self) -> Result<(), VaultSpecError> {
        match self.type_ {
            SealType::KubernetesSecret => Ok(()),
            SealType::Unknown => Err(VaultSpecError::UnknownValue { field: "seal.type" }),
        }
    }
}

impl Default for Seal {
    fn default() -> Self {
        Self {
            type_: SealType::KubernetesSecret,
        }
    }
}
