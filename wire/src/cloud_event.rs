//! An event of an object of a vault: CloudEvents 1.0, with the data of Azure Event Grid's schema for Key Vault
//! (learn.microsoft.com, event-grid/event-schema-key-vault).
//!
//! An event never holds a value.

use serde::{Deserialize, Serialize};

use crate::bounded;

/// The version of CloudEvents that [`CloudEvent`] is of.
pub const SPEC_VERSION: &str = "1.0";

/// The media type of the data of an event.
pub const DATA_TYPE: &str = "application/json";

/// The media type of a list of events (CloudEvents 1.0, HTTP protocol binding, batched content mode).
pub const BATCH_TYPE: &str = "application/cloudevents-batch+json";

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudEvent {
    /// [`SPEC_VERSION`].
    #[serde(deserialize_with = "bounded::word")]
    pub specversion: String,
    /// Which event: 32 hexadecimal digits that no other event of this vault has.
    #[serde(deserialize_with = "bounded::word")]
    pub id: String,
    /// The vault: its path in the Kubernetes API, which the audit log calls `resourceId`, where Azure has the vault's path in
    /// its resource manager.
    #[serde(deserialize_with = "bounded::sentence")]
    pub source: String,
    /// What happened: `Microsoft.KeyVault.SecretNewVersionCreated`.
    #[serde(rename = "type", deserialize_with = "bounded::word")]
    pub event_type: String,
    /// The name of the object.
    #[serde(deserialize_with = "bounded::sentence")]
    pub subject: String,
    /// When the vault noted it: RFC 3339, in UTC.
    #[serde(deserialize_with = "bounded::word")]
    pub time: String,
    /// [`DATA_TYPE`].
    #[serde(deserialize_with = "bounded::word")]
    pub datacontenttype: String,
    /// About which version.
    pub data: EventData,
}

/// The version that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventData {
    /// The URL of the version.
    #[serde(deserialize_with = "bounded::sentence")]
    pub id: String,
    /// The name of the vault, without its namespace.
    #[serde(deserialize_with = "bounded::word")]
    pub vault_name: String,
    /// The kind of the object: `Secret` or `Key`.
    #[serde(deserialize_with = "bounded::word")]
    pub object_type: String,
    /// The name of the object.
    #[serde(deserialize_with = "bounded::sentence")]
    pub object_name: String,
    /// The version.
    #[serde(deserialize_with = "bounded::word")]
    pub version: String,
    /// From when on it is meant to be used, in seconds since 1970, where it says so.
    #[serde(rename = "NBF")]
    pub not_before: Option<u64>,
    /// When it ends, in seconds since 1970, where it says so.
    #[serde(rename = "EXP")]
    pub expires: Option<u64>,
}
