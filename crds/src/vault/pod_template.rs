//! What a vault's pod asks of the cluster.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::VaultSpecError;
use crate::schema;

/// What a vault's pod asks of the cluster: a closed subset of a pod template, without containers, volumes and
/// environment, since those would reach the vault's memory, and without a priority, by which a vault's owner could take
/// room from pods of others.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodTemplate {
    /// CPU, memory and ephemeral storage of the vault's container, in place of all that the chart's value vault.resources
    /// says. Default: that value, which is requests of 20m CPU and 96Mi memory and a limit of 256Mi memory unless the
    /// installer chose others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Labels that a node must have to run the vault, beside those of the chart's value vault.nodeSelector, which is
    /// kubernetes.io/os: linux unless the installer chose others. A value here takes the place of the chart's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::labels")]
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints of nodes that the vault tolerates.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub tolerations: Option<Vec<Toleration>>,
}

/// What a container asks for and what it is held to.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// What the scheduler reserves for the vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<ResourceAmounts>,
    /// What the vault may use at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<ResourceAmounts>,
}

/// Amounts of the resources that a vault uses.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResourceAmounts {
    /// Processor time, in cores; 500m is half a core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::quantity")]
    pub cpu: Option<Quantity>,
    /// Memory, in bytes with a suffix, such as 256Mi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::quantity")]
    pub memory: Option<Quantity>,
    /// Disk of the node for logs and scratch files, in bytes with a suffix, such as 64Mi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::quantity")]
    pub ephemeral_storage: Option<Quantity>,
}

/// A taint that the vault tolerates, as in a pod's spec.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[x_kube(
    validation = Rule::new("has(self.key) || (has(self.operator) && self.operator == 'Exists')").message("A toleration without a key tolerates every taint and must say operator: Exists."),
    validation = Rule::new("!has(self.value) || !has(self.operator) || self.operator != 'Exists'").message("A toleration with operator Exists takes no value.")
)]
#[serde(rename_all = "camelCase")]
pub struct Toleration {
    /// The taint's key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 317))]
    pub key: Option<String>,
    /// Equal: the taint has this key and value. Exists: it has this key. Default: Equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<TolerationOperator>,
    /// The taint's value, for operator Equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub value: Option<String>,
    /// Which effect is tolerated. Default: every effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<TolerationEffect>,
    /// For how many seconds a NoExecute taint is tolerated. Default: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub toleration_seconds: Option<i64>,
}

/// How a taint is compared.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum TolerationOperator {
    /// Key and value are equal.
    Equal,
    /// The key is there.
    Exists,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What a taint does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum TolerationEffect {
    /// Pods are not scheduled there.
    NoSchedule,
    /// Pods are rather not scheduled there.
    PreferNoSchedule,
    /// Pods are evicted from there.
    NoExecute,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

impl PodTemplate {
    /// Refuses a part that this release does not know.
    pub(super) fn check(&self) -> Result<(), VaultSpecError> {
        for toleration in self.tolerations.iter().flatten() {
            if toleration.operator == Some(TolerationOperator::Unknown) {
                return Err(VaultSpecError::UnknownValue {
                    field: "podTemplate.tolerations.operator",
                });
            }
            if toleration.effect == Some(TolerationEffect::Unknown) {
                return Err(VaultSpecError::UnknownValue {
                    field: "podTemplate.tolerations.effect",
                });
            }
        }
        Ok(())
    }
}
