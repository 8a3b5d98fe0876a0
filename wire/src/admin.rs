//! The admin API: JSON over mutual TLS on the vault's admin port, called by the operator alone.
//!
//! | method and path | body | answer |
//! |---|---|---|
//! | GET [`path::STATUS`] | | [`Status`] |
//! | GET [`path::BUNDLE`] | | the bytes of the [`strongroom_core::Bundle`] in force, as they were put, 404 before the first |
//! | PUT [`path::BUNDLE`] | a [`strongroom_core::Bundle`] | [`BundleId`]; 409 `StaleGeneration` or `OtherVault`, 422 `NotUnderstood` or `TooLarge` |
//! | POST [`path::CONFIRM`] | [`Confirm`] | [`BundleId`]; 409 `NotInForce` when the vault enforces another bundle |
//! | POST [`path::RESOLVE`] | [`Resolve`] | [`Resolved`]; 503 `NoBundle`, `Stale`, `NotCompared` or `RolledBack` while the vault decides nothing |
//! | POST [`path::REF_CHANGED`] | the [`SecretRefName`] of one whose spec changed, or that was deleted | 204 |
//! | GET [`path::VOLUMES`] | | [`Volumes`] |
//! | POST [`path::COMPARE`] | [`Compare`] | [`Compared`]; a vault whose store does not follow what is kept answers no data from then on |
//! | GET [`path::PRESENCE`] | | 204 after 8 s, or when the vault stops |
//! | GET [`path::EVENTS`]`?after=ID&max=N` | | an array of [`CloudEvent`](crate::cloud_event::CloudEvent), oldest first: those after event `ID`, or from the oldest that is kept, `N` (100, 500 at most) of them; 400 `BadQuery`, 410 `EventNotKept` when `ID` is not kept, 503 `NotCompared` or `RolledBack` |
//! | POST [`path::ROLLBACK`] | [`Rollback`] | 204; 409 `NotDetected` or `OtherGeneration` when it cannot accept that generation |
//!
//! An error is an [`AdminRefusal`]. The vault does nothing that it can neither audit nor store: it answers 503
//! `AuditUnavailable` or `StoreUnavailable`.
//!
//! A vault is not trusted: what is read of its answers is bounded in every text here, and in its bytes by
//! [`limit`].

use serde::{Deserialize, Serialize};
use strongroom_core::{Generation, NamedObject, ObjectState, SecretRefName, Uid};
use uuid::Uuid;

use crate::bounded;

/// The paths of the admin API.
pub mod path {
    /// The status of the vault.
    pub const STATUS: &str = "/v1/status";
    /// The policy bundle.
    pub const BUNDLE: &str = "/v1/bundle";
    /// Confirms that the operator still means the bundle in force.
    pub const CONFIRM: &str = "/v1/confirm";
    /// What a read of some objects would meet, for one service account.
    pub const RESOLVE: &str = "/v1/resolve";
    /// Says that a SecretRef changed or was deleted.
    pub const REF_CHANGED: &str = "/v1/ref-changed";
    /// Counts of mounted volumes.
    pub const VOLUMES: &str = "/v1/volumes";
    /// Compares the store and the audit log with what the operator keeps of them.
    pub const COMPARE: &str = "/v1/compare";
    /// Events of objects.
    pub const EVENTS: &str = "/v1/events";
    /// Answers late, so that a vault that ends is noticed at once.
    pub const PRESENCE: &str = "/v1/presence";
    /// Says that the store is older than its anchor, or accepts that it is.
    pub const ROLLBACK: &str = "/v1/rollback";
}

/// The most bytes of an answer that the operator reads.
pub mod limit {
    /// Of any answer that is not named here, a refusal included.
    pub const ANSWER: usize = 16 << 10;
    /// Of [`Resolved`](super::Resolved): the states of 256 objects.
    pub const RESOLVED: usize = 32 << 10;
    /// Of a list of 500 events, each with the longest names.
    pub const EVENTS: usize = 1 << 20;

    /// Of [`Volumes`](super::Volumes) where so many SecretRefs are expected, each with the longest names, and room for some
    /// that are not.
    pub const fn volumes(expected: usize) -> usize {
        expected.saturating_mul(512).saturating_add(256 << 10)
    }
}

/// Why the vault refused a request of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminRefusal {
    /// A word to branch on, as named in the table above.
    #[serde(deserialize_with = "bounded::word")]
    pub code: String,
    /// A sentence for people.
    #[serde(deserialize_with = "bounded::sentence")]
    pub message: String,
}

/// The status of a vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The id that the vault made at random at its first start, and keeps in the store.
    pub vault_id: Uuid,
    /// The program's version.
    #[serde(deserialize_with = "bounded::word")]
    pub version: String,
    /// The store's state, to be anchored.
    pub anchor: Anchor,
    /// The bundle in force.
    pub policy: Option<BundleId>,
    /// The greatest generation that the vault has accepted, even if its bundle is of a later release and the vault
    /// enforces nothing. The vault accepts only a greater one.
    #[serde(default)]
    pub fence: Option<Generation>,
    /// How the vault was unsealed.
    pub seal: SealStatus,
    /// What the scrub found wrong with the store, in a sentence; `None` while the store is whole.
    #[serde(default, deserialize_with = "bounded::optional_sentence")]
    pub storage_problem: Option<String>,
    /// Why the vault cannot write audit records, in a sentence; `None` while it can.
    #[serde(default, deserialize_with = "bounded::optional_sentence")]
    pub audit_problem: Option<String>,
    /// Why the vault does not believe its clock, in a sentence; `None` while it does.
    #[serde(default, deserialize_with = "bounded::optional_sentence")]
    pub clock_problem: Option<String>,
    /// How much the vault keeps; none from a vault of an earlier release.
    #[serde(default)]
    pub usage: Option<Usage>,
    /// What happens to deleted objects, as the vault's store has it for life; none from a vault of an earlier release, or
    /// that could not store it yet.
    #[serde(default)]
    pub soft_delete: Option<SoftDelete>,
    /// Set while the vault answers no data because its store is older than its anchor.
    pub rollback: Option<Rollback>,
}

/// What happens to deleted objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoftDelete {
    /// For how many days a deleted object can be recovered, 7 to 90.
    #[serde(deserialize_with = "bounded::retention")]
    pub retention_days: u8,
    /// Whether nobody can purge a deleted object before that time is over.
    pub purge_protection: bool,
}

/// How much a vault keeps, and how much it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// The bytes that the objects take, with all versions, as the store writes them.
    pub object_bytes: u64,
    /// The bytes that they may take.
    pub object_bytes_limit: u64,
    /// How many versions the object has that has the most, as the last scrub found it.
    pub most_versions: u64,
    /// How many one object may have.
    pub versions_limit: u32,
}

/// What the operator keeps outside the store, to notice when the store is put back to an older state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anchor {
    /// The number of commits so far.
    pub generation: u64,
    /// The keyed digest of the store's state, hexadecimal.
    #[serde(deserialize_with = "bounded::digest")]
    pub digest: String,
    /// Whether the digest stands for every state that led to this one too, so that a later state can prove that it
    /// follows. Vaults of the first release did not have that.
    #[serde(default)]
    pub is_chained: bool,
    /// The sequence number of the last audit record.
    pub audit_sequence: u64,
    /// The hash of that record, hexadecimal.
    #[serde(deserialize_with = "bounded::digest")]
    pub audit_hash: String,
}

/// What the operator keeps of a vault, for the vault to compare its store and its audit log with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compare {
    /// The anchor that the operator keeps; none where it has nothing to compare with.
    pub kept: Option<Anchor>,
}

/// What a vault knows of what is kept. Its digest and hash prove that it comes from that state: no other vault knows
/// them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// The store's digest at the kept generation, hexadecimal; none if the present state does not follow that one.
    #[serde(default, deserialize_with = "bounded::optional_digest")]
    pub digest: Option<String>,
    /// Whether the vault was asked for a later generation already, and so forgot the kept one.
    #[serde(default)]
    pub is_superseded: bool,
    /// The hash of the kept audit record, hexadecimal; none if it is not in the log any more, or was altered.
    #[serde(default, deserialize_with = "bounded::optional_digest")]
    pub audit_hash: Option<String>,
    /// The last audit record that the vault itself removed, in its time or to make room, since it started; 0 before any.
    #[serde(default)]
    pub audit_removed_through: u64,
}

/// Which bundle: its place in the history of the vault, and the digest of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleId {
    /// The epoch of the leader that brought the bundle, and its number within that.
    pub generation: Generation,
    /// SHA-256 of the bytes of the PUT that brought it, hexadecimal.
    #[serde(deserialize_with = "bounded::digest")]
    pub hash: String,
}

/// Says that the operator still means the bundle in force, and what time it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirm {
    /// The bundle.
    #[serde(flatten)]
    pub policy: BundleId,
    /// The operator's time, in seconds since 1970: a vault purges nothing by a clock that is far from it. None from an
    /// operator of an earlier release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
}

/// How the vault was unsealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealStatus {
    /// The kind, as in the Vault's spec: `KubernetesSecret`.
    #[serde(deserialize_with = "bounded::word")]
    pub kind: String,
    /// The id of the seal key in use.
    #[serde(deserialize_with = "bounded::word")]
    pub key_id: String,
    /// Whether the keyring is open.
    pub unsealed: bool,
}

/// Asks what a read of some objects would meet, for one service account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolve {
    /// The account's UID.
    pub subject: Uid,
    /// The objects, at most 256.
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
    /// The SecretRef whose volumes these are; its namespace and name stand beside the counts.
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

/// Says that the store is not the one that was anchored, or that an administrator accepts it all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "action")]
pub enum Rollback {
    /// The operator has seen this generation: the vault must answer no data.
    Detected {
        /// The generation that was anchored.
        anchored: u64,
    },
    /// The vault may serve again from exactly this generation. It audits that, and accepts it once.
    Accept {
        /// The generation now in the store.
        generation: u64,
    },
}
