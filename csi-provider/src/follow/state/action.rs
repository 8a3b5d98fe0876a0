//! What a volume's state machine has its task do.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use strongroom_client::identity::VaultToken;
use strongroom_core::{ObjectPath, VaultRef, Version};

use crate::{
    pod::PodToken,
    source::obtain::Known,
    volume::{
        Content, FilePath, Image,
        spec::{Object, VolumeSpec},
    },
};

/// Something to do. The task carries actions out in the order in which they are given.
#[derive(Debug)]
pub enum Action {
    /// Listen to this vault's stream. The answer is [`Event::Connected`](super::Event::Connected), when it is open.
    Attach(VaultRef),
    /// Listen to no stream any more, and end the subscription there.
    Detach,
    /// Ask the vault to report changes of `objects`.
    Subscribe {
        /// Proves the pod to the vault.
        token: VaultToken,
        /// At most one of each kind and name.
        objects: Vec<Object>,
    },
    /// Give the subscription a newer token.
    Renew(VaultToken),
    /// Ask the vault for contents.
    Fetch(BTreeSet<ObjectPath>),
    /// Report to the vault what the files hold.
    Acknowledge {
        /// The subscription's objects and the versions in the files; `None` where the files hold none.
        objects: Vec<(Object, Option<Version>)>,
        /// Why the files do not hold what the vault has; empty if they do.
        error: String,
    },
    /// Exchange the pod's token for a token of `vault`. The answer is [`Event::Exchanged`](super::Event::Exchanged).
    Exchange {
        /// The pod's newest token.
        token: PodToken,
        /// The vault that the new token is for.
        vault: VaultRef,
        /// The vault token at hand: the answer must be another one.
        known: Option<VaultToken>,
    },
    /// Read the SecretRef, and all that it asks for if that changed. The answer is
    /// [`Event::Obtained`](super::Event::Obtained).
    Obtain {
        /// The pod's newest token.
        token: PodToken,
        /// What the volume shows; `None` after a loss of the node driver's state.
        known: Option<Known>,
    },
    /// Change the files. The answer is [`Event::Written`](super::Event::Written), before any other event.
    Write(Change),
    /// Keep [`Follow::saved`](super::Follow::saved) for the process that comes after this one.
    Save,
    /// Warn the pod's author.
    Report {
        /// What kind of warning.
        reason: ReportReason,
        /// A sentence, without values.
        note: String,
    },
    /// Count a change that reached the files this long after the vault reported it.
    CountRotation(Duration),
}

/// A change of a volume's files.
#[derive(Debug)]
pub enum Change {
    /// Some files have other contents, and the trust bundle may have; all else stays.
    Merge {
        /// What the files are.
        spec: VolumeSpec,
        /// The files that have other contents.
        contents: BTreeMap<FilePath, Content>,
    },
    /// The SecretRef asks for other files.
    Replace {
        /// What it asks for.
        spec: VolumeSpec,
        /// All of them.
        image: Image,
    },
}

/// The reason of an event on a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportReason {
    /// A token, a SecretRef or the files could not be brought up to date.
    RefreshFailed,
    /// The vault ended the subscription.
    AccessRevoked,
    /// Objects cannot be read.
    ObjectUnavailable,
}

impl ReportReason {
    /// The reason as it is written in the event.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RefreshFailed => "RefreshFailed",
            Self::AccessRevoked => "AccessRevoked",
            Self::ObjectUnavailable => "ObjectUnavailable",
        }
    }
}
