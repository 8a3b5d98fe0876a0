//! The shapes of keys on the wire (Key Vault API, Keys/models.tsp).
//!
//! Types, curves, operations and algorithms are texts here, as the wire has them. The vault and the caller know what they
//! mean; programs that have no use for keys use this client too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    attributes::{Attributes, NewAttributes},
    id::KeyId,
};

/// A key without its private part, by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Key {
    /// The public part.
    pub key: Jwk,
    /// State and times.
    pub attributes: KeyAttributes,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// To whom the private part may be released, as the vault says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_policy: Option<serde_json::Value>,
}

/// A key as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct KeyItem {
    /// Name, and version where one version is meant.
    pub kid: KeyId,
    /// State and times.
    pub attributes: KeyAttributes,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// A public JWK (RFC 7517; RFC 7518, section 6). Numbers and coordinates are base64url.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[allow(missing_docs, reason = "the names of the fields are those of the wire")]
pub struct Jwk {
    /// Name and version.
    pub kid: KeyId,
    /// `RSA`, `EC`, `oct` or `AKP`.
    pub kty: String,
    /// What it may be used for.
    #[serde(default)]
    pub key_ops: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    #[serde(default, rename = "pub", skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
}

/// State and times of a version of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct KeyAttributes {
    /// What every kind of object has.
    #[serde(flatten)]
    pub common: Attributes,
    /// The bits of an RSA key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_size: Option<u32>,
    /// Whether the private part may leave the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exportable: Option<bool>,
    /// Where the private part lives; `0` is a process.
    #[serde(default, rename = "hsmPlatform", skip_serializing_if = "Option::is_none")]
    pub hsm_platform: Option<String>,
}

/// A new version of a key, which the vault makes. What is left out is as the vault has it by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewKey {
    /// `RSA`, `EC`, `oct` or `AKP`.
    pub kty: String,
    /// The bits of an RSA or oct key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_size: Option<u32>,
    /// The curve of an EC key.
    #[serde(rename = "crv", skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    /// The parameter set of an AKP key.
    #[serde(rename = "alg", skip_serializing_if = "Option::is_none")]
    pub parameter_set: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub about: KeyChange,
}

/// A change of what is known about a version. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KeyChange {
    /// What it may be used for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// State and times.
    pub attributes: NewAttributes,
    /// Labels; these replace the old ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}
