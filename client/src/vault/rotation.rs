//! When a key rotates by itself (Key Vault API, Keys/models.tsp, `KeyRotationPolicy`).

use serde::{Deserialize, Serialize};

/// The rotation policy of a key. Periods are those of ISO 8601, such as `P90D`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RotationPolicy {
    /// Where it is read; none of a policy that nobody has set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is done, and when.
    #[serde(default)]
    pub lifetime_actions: Vec<LifetimeAction>,
    /// How long a version lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<RotationAttributes>,
}

/// What is done with a version at one time of its life.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct LifetimeAction {
    /// When.
    pub trigger: LifetimeTrigger,
    /// What.
    pub action: LifetimeActionKind,
}

/// A time in the life of a version: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LifetimeTrigger {
    /// So long after the version was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_after_create: Option<String>,
    /// So long before the version expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_before_expiry: Option<String>,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct LifetimeActionKind {
    /// `Rotate` or `Notify`.
    #[serde(rename = "type")]
    pub name: String,
}

/// How long a version lives, and when the policy was set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RotationAttributes {
    /// How long after its making a version expires; none for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry_time: Option<String>,
    /// When the policy was first set, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// When it was last set, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<i64>,
}
