//! What the vault itself did, or what the operator did on its admin port.

use std::net::IpAddr;

use serde::Serialize;
use strongroom_core::{Generation, ObjectKind, ObjectName, Uid, Version};

use crate::{chain::Hash, refusal_count::RefusalCount, time::Time};

/// Who caused an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// The vault, by itself.
    Vault,
    /// The operator, on the admin port.
    Operator,
    /// Nobody known: requests that did not authenticate.
    Unauthenticated,
    /// A caller that the properties name.
    Caller,
}

/// The caller of refused requests that are counted: the same for every pod of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedCaller {
    /// The id that policy compares, as in `identity.claim` of a request.
    pub oid: Uid,
    /// The name for people.
    pub upn: String,
}

/// A version of an object, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionEnd {
    /// The object's kind.
    pub kind: ObjectKind,
    /// Its name.
    pub name: ObjectName,
    /// The version, which is the current one.
    pub version: Version,
    /// Its `nbf`.
    pub not_before: Option<Time>,
    /// Its `exp`: the end.
    pub expires: Option<Time>,
}

/// One thing that happened to the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Event {
    /// The program started on this store.
    VaultStart {
        /// The program's version.
        version: &'static str,
        /// The store's generation.
        generation: u64,
    },
    /// The program stops, having drained.
    VaultStop,
    /// The keyring was opened.
    VaultUnseal {
        /// SHA-256 of the seal key's id: an id is a text that people choose.
        seal_key_id: Hash,
    },
    /// A policy bundle came into force.
    PolicyBundlePut {
        /// Its place.
        generation: Generation,
        /// SHA-256 of its bytes.
        hash: Hash,
        /// How many policies it holds.
        policies: usize,
    },
    /// A policy bundle was refused.
    PolicyBundleRefused {
        /// Its place.
        generation: Generation,
        /// The refusal's code.
        code: &'static str,
    },
    /// The store is not the one that was anchored; no data is answered.
    RollbackDetected {
        /// The anchored generation.
        anchored: u64,
        /// The store's generation.
        found: u64,
    },
    /// An operator accepted the store as it is.
    RollbackAccepted {
        /// The store's generation.
        generation: u64,
    },
    /// The sweeper purged an object whose retention ended.
    ScheduledPurge {
        /// The object's kind.
        kind: ObjectKind,
        /// Its name.
        name: ObjectName,
    },
    /// The vault made a new version of a key, as its rotation policy says.
    KeyRotateIfDue {
        /// The key's name.
        name: ObjectName,
        /// The new version; none where it could not be made.
        version: Option<Version>,
    },
    /// The vault issued a certificate, as an operation asked for.
    CertificateIssueIfDue {
        /// The certificate's name.
        name: ObjectName,
        /// The new version; none where it was not issued.
        version: Option<Version>,
    },
    /// The vault began the operation that renews a certificate, as its policy says.
    CertificateRenewIfDue {
        /// The certificate's name.
        name: ObjectName,
        /// The version that is to be issued; none where the operation did not begin.
        version: Option<Version>,
    },
    /// The current version of an object ends soon.
    NearExpiry(VersionEnd),
    /// The current version of an object has ended.
    Expired(VersionEnd),
    /// Requests of one caller that were refused for one reason, beyond those with records of their own.
    Refused {
        /// The caller; none stands for all that were beyond the number of callers told apart.
        caller: Option<RefusedCaller>,
        /// The HTTP status of the refusals.
        status: u16,
        /// Their code.
        code: &'static str,
        /// When the interval began.
        since: Time,
        /// How many.
        count: u64,
    },
    /// Requests of one source that did not authenticate, in one interval.
    Unauthenticated {
        /// The source; none stands for all that were beyond the number of sources told apart.
        source: Option<IpAddr>,
        /// When the interval began.
        since: Time,
        /// How many, by reason.
        count: RefusalCount,
    },
}

impl Event {
    /// Who causes events of this kind.
    pub const fn actor(&self) -> Actor {
        match self {
            Self::VaultStart { .. }
            | Self::VaultStop
            | Self::VaultUnseal { .. }
            | Self::RollbackDetected { .. }
            | Self::ScheduledPurge { .. }
            | Self::KeyRotateIfDue { .. }
            | Self::CertificateIssueIfDue { .. }
            | Self::CertificateRenewIfDue { .. }
            | Self::NearExpiry(_)
            | Self::Expired(_) => Actor::Vault,
            Self::PolicyBundlePut { .. }
            | Self::PolicyBundleRefused { .. }
            | Self::RollbackAccepted { .. } => Actor::Operator,
            Self::Unauthenticated { .. } => Actor::Unauthenticated,
            Self::Refused { .. } => Actor::Caller,
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::VaultStart { .. } => "VaultStart",
            Self::VaultStop => "VaultStop",
            Self::VaultUnseal { .. } => "VaultUnseal",
            Self::PolicyBundlePut { .. } => "PolicyBundlePut",
            Self::PolicyBundleRefused { .. } => "PolicyBundleRefused",
            Self::RollbackDetected { .. } => "RollbackDetected",
            Self::RollbackAccepted { .. } => "RollbackAccepted",
            Self::ScheduledPurge { .. } => "ScheduledPurge",
            Self::KeyRotateIfDue { .. } => "KeyRotateIfDue",
            Self::CertificateIssueIfDue { .. } => "CertificateIssueIfDue",
            Self::CertificateRenewIfDue { .. } => "CertificateRenewIfDue",
            Self::NearExpiry(_) => "NearExpiry",
            Self::Expired(_) => "Expired",
            Self::Unauthenticated { .. } => "Unauthenticated",
            Self::Refused { .. } => "Refused",
        }
    }
}
