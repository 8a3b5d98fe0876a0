//! The shapes of secrets on the wire (Key Vault API, Secrets/models.tsp).

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use super::{
    attributes::{Attributes, NewAttributes},
    id::SecretId,
};

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

/// Writes a value into a request. Its buffer is wiped by [`super::written`].
pub(super) fn expose<S: Serializer>(value: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.expose_secret())
}
