//! How much a vault keeps.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::VaultSpecError;
use crate::quantity;

/// How much a vault keeps: what would be more is refused, and everything else goes on.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("has(self.versionsPerObject) || has(self.objectBytes)").message("limits has versionsPerObject, objectBytes or both."))]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// How many versions one object can have, 1 to 10000. A backup holds 500 at most: an object with more cannot be
    /// backed up. Default: 500.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10000))]
    pub versions_per_object: Option<i32>,
    /// How much the objects can take, with all their versions as the store writes them, in bytes with a Kubernetes suffix,
    /// at least 1Mi. More than the default makes no difference. Default: half of what the audit log, and 8Mi that stay
    /// free, leave of the volume; 380Mi of 1Gi.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 20))]
    #[x_kube(validation = Rule::new("isQuantity(self) && quantity(self).compareTo(quantity('1Mi')) >= 0").message("objectBytes is a quantity of at least 1Mi, such as 512Mi."))]
    pub object_bytes: Option<String>,
}

impl Limits {
    /// How many bytes the objects can take, if that is said.
    pub fn object_bytes(&self) -> Result<Option<u64>, VaultSpecError> {
        let Some(text) = &self.object_bytes else {
            return Ok(None);
        };
        let bytes = quantity::whole(text).ok_or(VaultSpecError::Malformed {
            field: "limits.objectBytes",
            expected: "a quantity",
        })?;
        Ok(Some(bytes))
    }
}
