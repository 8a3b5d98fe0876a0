//! The admin API: JSON over mutual TLS on the vault's admin port, called by the operator alone.
//!
//! | method and path | body | answer |
//! |---|---|---|
//! | GET [`path::STATUS`] | | [`Status`] |
//! | GET [`path::BUNDLE`] | | the [`strongroom_core::Bundle`] in force, 404 before the first |
//! | PUT [`path::BUNDLE`] | a [`strongroom_core::Bundle`] | [`PolicyStatus`]; 409 `StaleGeneration` or `OtherVault`, 422 `NotUnderstood` or `TooLarge` |
//! | POST [`path::CONFIRM`] | [`PolicyStatus`] | [`PolicyStatus`]; 409 `NotInForce` when it is not what is enforced |
//! | POST [`path::RESOLVE`] | [`Resolve`] | [`Resolved`]; 503 `NoBundle`, `Stale` or `RolledBack` while nothing is decided |
//! | POST [`path::REF_CHANGED`] | the [`SecretRefName`] of one whose spec changed, or that was deleted | 204 |
//! | GET [`path::VOLUMES`] | | [`Volumes`] |
//! | POST [`path::ROLLBACK`] | [`Rollback`] | 204; 409 `NotDetected` or `OtherGeneration` when it is not what can be accepted |
//!
//! An error is a [`AdminRefusal`]. What cannot be audited or kept is not done: 503 `AuditUnavailable`, `StoreUnavailable`.

use serde::{Deserialize, Serialize};
use strongroom_core::{Generation, NamedObject, ObjectState, SecretRefName, Uid};

/// The paths.
pub mod path {
    /// What the vault is and how it is.
    pub const STATUS: &str = "/v1/status";
    /// The policy bundle.
    pub const BUNDLE: &str = "/v1/bundle";
    /// Confirms that the operator still means the bundle in force.
    pub const CONFIRM: &str = "/v1/confirm";
    /// What a service account would be answered.
    pub const RESOLVE: &str = "/v1/resolve";
    /// A SecretRef changed.
    pub const REF_CHANGED: &str = "/v1/ref-changed";
    /// Counts of mounted volumes.
    pub const VOLUMES: &str = "/v1/volumes";
    /// The store is older than what was anchored.
    pub const ROLLBACK: &str = "/v1/rollback";
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminRefusal {
    /// A word to branch on, as named in the table above.
    pub code: String,
    /// A sentence for people.
    pub message: String,
}

/// What the vault is and how it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Random, made at first start, kept in the store.
    pub vault_id: String,
    /// The program's version.
    pub version: String,
    /// The store's state, to be anchored.
    pub anchor: Anchor,
    /// The bundle in force.
    pub policy: Option<PolicyStatus>,
    /// The greatest generation that the vault has taken, also where its bundle is a later release's and nothing is in
    /// force. Only a greater one is taken.
    #[serde(default)]
    pub fence: Option<Generation>,
    /// The seal.
    pub seal: SealStatus,
    /// Whether the scrub found the store whole; the sentence says what is wrong.
    pub storage_problem: Option<String>,
    /// Whether audit records can be written; the sentence says what is wrong.
    pub audit_problem: Option<String>,
    /// Set while the vault answers no data because its store is older than its anchor.
    pub rollback: Option<Rollback>,
}

/// What the operator keeps outside the store, to notice that the store was put back to an older state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anchor {
    /// Counts commits.
    pub generation: u64,
    /// The keyed digest of all heads, hexadecimal.
    pub digest: String,
    /// The sequence number of the last audit record.
    pub audit_sequence: u64,
    /// The hash of that record, hexadecimal.
    pub audit_hash: String,
}

/// A bundle by its place and its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyStatus {
    /// Its place.
    pub generation: Generation,
    /// SHA-256 of the bytes of the PUT that brought it, hexadecimal.
    pub hash: String,
}

/// How the vault was unsealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealStatus {
    /// The kind, as in the Vault's spec: `KubernetesSecret`.
    pub kind: String,
    /// The id of the seal key in use.
    pub key_id: String,
    /// Whether the keyring is open.
    pub unsealed: bool,
}

/// Asks what a service account would be answered for some objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolve {
    /// The account's UID.
    pub subject: Uid,
    /// The objects.
    pub objects: Vec<NamedObject>,
}

/// The answers, in the order asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// One state per object.
    pub objects: Vec<ObjectState>,
}

/// Counts of volumes by SecretRef, from the acknowledgements of the nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Volumes {
    /// One entry per SecretRef that has subscribed volumes.
    pub refs: Vec<RefVolumes>,
}

/// The volumes of one SecretRef.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefVolumes {
    /// The SecretRef.
    #[serde(flatten)]
    pub secret_ref: SecretRefName,
    /// Subscribed volumes.
    pub total: u32,
    /// Those whose files hold the current versions.
    pub current: u32,
    /// Those that have not acknowledged the current versions yet.
    pub outdated: u32,
    /// Those whose last acknowledgement was an error.
    pub failing: u32,
}

/// Tells the vault that its store is not the one that was anchored, or that an operator accepts it all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "action")]
pub enum Rollback {
    /// Answer no data: this generation had been seen.
    Detected {
        /// The generation that was anchored.
        anchored: u64,
    },
    /// Serve again from exactly this generation; audited, good once.
    Accept {
        /// The generation now in the store.
        generation: u64,
    },
}
