//! State and times of a version, which every kind of object has.

use serde::{Deserialize, Serialize};

/// State and times of a version. Times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attributes {
    /// Whether it can be used.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Not for use before; informational for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Not for use after; informational for a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When it was made.
    #[serde(default)]
    pub created: Option<i64>,
    /// When it last changed.
    #[serde(default)]
    pub updated: Option<i64>,
    /// What happens to it on deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_level: Option<String>,
    /// How long it can be recovered after deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recoverable_days: Option<u32>,
}

/// The attributes that a caller can choose. Those left out keep their value, or their default in a new version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewAttributes {
    /// Whether it can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Not for use before, seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Not for use after, seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
}
