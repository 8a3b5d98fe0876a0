//! How deleted objects are kept.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// How long deleted objects can be recovered, and whether they can be purged before.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SoftDelete {
    /// For how many days a deleted object can be recovered, 7 to 90. It cannot change after the vault's first start.
    /// Default: 90.
    #[serde(default = "SoftDelete::default_retention_days")]
    #[schemars(range(min = 7, max = 90))]
    pub retention_days: i32,
    /// Whether nobody, with whatever permission, can purge a deleted object before its retention ends. It can be
    /// switched on and never off again. Default: false.
    #[serde(default)]
    pub purge_protection: bool,
}

impl SoftDelete {
    const fn default_retention_days() -> i32 {
        90
    }
}

impl Default for SoftDelete {
    fn default() -> Self {
        Self {
            retention_days: Self::default_retention_days(),
            purge_protection: false,
        }
    }
}
