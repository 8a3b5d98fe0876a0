//! The shapes of secrets on the wire (Key Vault API, Secrets/models.tsp).

mod id;

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

pub use id::{IdError, SecretId};

/// A secret with its value.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// The value; its debug output is masked, and its memory is wiped when dropped.
    pub value: SecretString,
    /// Name and version.
    pub id: SecretId,
    /// What the value is, as its owner says.
    #[serde(default)]
    pub content_type: Option<String>,
    /// State and times.
    pub attributes: Attributes,
    /// Labels.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A secret without its value: an item of a list, or the answer to an update.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretItem {
    /// Name, and version where one version is meant.
    pub id: SecretId,
    /// What the value is, as its owner says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// State and times.
    pub attributes: Attributes,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl From<&Secret> for SecretItem {
    fn from(secret: &Secret) -> Self {
        Self {
            id: secret.id.clone(),
            content_type: secret.content_type.clone(),
            attributes: secret.attributes.clone(),
            tags: secret.tags.clone(),
        }
    }
}

/// A deleted secret that can still be recovered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletedSecret {
    /// The secret as a list shows it, without its value.
    #[serde(flatten)]
    pub item: SecretItem,
    /// When it was deleted, seconds since 1970.
    #[serde(default)]
    pub deleted_date: Option<i64>,
    /// When it will be purged, seconds since 1970.
    #[serde(default)]
    pub scheduled_purge_date: Option<i64>,
}

/// State and times of a version. Times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attributes {
    /// Whether it can be read.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Not meant for use before; informational.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Not meant for use after; informational.
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
    /// Whether it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Not meant for use before, seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Not meant for use after, seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
}

/// A new version of a secret.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSecret {
    /// The value; only the request's body exposes it.
    #[serde(serialize_with = "expose")]
    pub value: SecretString,
    /// Everything else.
    #[serde(flatten)]
    pub about: SecretChange,
}

/// A change of what is known about a version. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretChange {
    /// What the value is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// State and times.
    pub attributes: NewAttributes,
    /// Labels; these replace the old ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// A whole secret with all its versions, readable by the vault that wrote it. Holds no plain value, yet is kept as one.
#[derive(Clone, Deserialize, Serialize)]
pub struct Backup {
    /// The blob, base64url.
    #[serde(serialize_with = "expose")]
    pub value: SecretString,
}

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backup").finish_non_exhaustive()
    }
}

/// Writes a value into a request. Its buffer is wiped by [`super::secrets`].
fn expose<S: Serializer>(value: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.expose_secret())
}
