//! What the operator reports of a vault.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::condition::{self, Condition};

/// What the operator reports of a vault.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VaultStatus {
    /// The metadata.generation that this status is about; -1 until the operator has seen the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Where the vault answers, for pods of this cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub uri: Option<String>,
    /// The id that the vault gave itself at its first start. It lives in the store, and moves with it.
    #[serde(rename = "vaultID", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub vault_id: Option<String>,
    /// The release that the vault runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub version: Option<String>,
    /// How many replicas answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub ready_replicas: Option<i32>,
    /// Which policy every replica has acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<VaultPolicyStatus>,
    /// How much the vault keeps, and how much it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<VaultUsage>,
    /// What happens to deleted objects, as the vault's store has it for life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soft_delete: Option<StoredSoftDelete>,
    /// How large the volume is. It can be larger than spec.storage.embedded.size says, after someone enlarged it or after an
    /// earlier vault had a larger one: the operator makes it larger and never smaller. The vault uses no more of it than
    /// the spec says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20))]
    pub volume_size: Option<String>,
    /// Ready, SealKeyInCluster, Unsealed, StorageHealthy and AuditHealthy; Reconciling, Stalled, Paused,
    /// SharedNamespace, NearLimit, ClockUnconfirmed and RollbackDetected only while true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "condition::list_schema")]
    pub conditions: Vec<Condition>,
}

/// The policy that every replica of a vault has acknowledged.
#[derive(Clone, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VaultPolicyStatus {
    /// The generation of the compiled policy: the operator's epoch and a number, such as 4-118.
    #[schemars(length(max = 48))]
    pub generation: String,
    /// How many AccessPolicy objects it was compiled from.
    #[schemars(range(min = 0))]
    pub policies: i32,
}

/// What happens to deleted objects, as the vault's store has it for life.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredSoftDelete {
    /// For how many days a deleted object can be recovered.
    #[schemars(range(min = 7, max = 90))]
    pub retention_days: i32,
    /// Whether nobody can purge a deleted object before that time is over.
    pub purge_protection: bool,
}

/// How much a vault keeps, and how much it can.
#[derive(Clone, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VaultUsage {
    /// How much of objectBytesLimit the objects take, in percent, rounded down.
    #[schemars(range(min = 0))]
    pub object_percent: i32,
    /// How many bytes the objects can take.
    #[schemars(range(min = 0))]
    pub object_bytes_limit: i64,
    /// How many versions the object has that has the most. The vault counts them when it starts, and daily.
    #[schemars(range(min = 0))]
    pub most_versions: i64,
    /// How many versions one object can have.
    #[schemars(range(min = 0))]
    pub versions_limit: i64,
}
