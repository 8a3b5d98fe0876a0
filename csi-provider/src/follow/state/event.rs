//! What happens to a volume.

use std::time::{Instant, SystemTime};

use strongroom_client::identity::VaultToken;
use strongroom_core::{ObjectPath, Version};

use crate::{
    pod::PodToken,
    source::{load::Reason, obtain::Obtained},
    volume::{Value, tree::Written},
};

/// The inputs of a decision beside its event.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Now, for delays.
    pub instant: Instant,
    /// Now, for the expiry of tokens.
    pub time: SystemTime,
    /// A number from 0 to 1 that differs from volume to volume, so that a node's volumes do not act at once.
    pub random: f64,
}

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// The stream to the vault is open.
    Connected,
    /// The stream to the vault is lost.
    Disconnected,
    /// The vault sent a message on the stream.
    Vault(VaultMessage),
    /// The kubelet brought a newer token of the pod.
    PodToken(PodToken),
    /// The kubelet called again with the same token.
    KubeletCalled,
    /// The node's trust bundle changed.
    BundleChanged,
    /// The identity service answered [`Action::Exchange`](super::Action::Exchange).
    Exchanged(Result<VaultToken, Failure>),
    /// [`Action::Obtain`](super::Action::Obtain) ended; `None` where the SecretRef asks for what it asked for before.
    Obtained(Result<Option<Box<Obtained>>, Failure>),
    /// [`Action::Write`](super::Action::Write) ended.
    Written(Result<Written, Failure>),
    /// The moment of [`Follow::wakes_at`](super::Follow::wakes_at) is there.
    Woken,
}

/// A message of the vault about the volume's subscription.
#[derive(Debug)]
pub enum VaultMessage {
    /// The vault accepts the subscription or its renewal, and says what reads of all its objects would answer.
    Subscribed(Vec<(ObjectPath, Reading)>),
    /// Reads of these objects would answer something else than before.
    Changed(Vec<(ObjectPath, Reading)>),
    /// The SecretRef changed.
    RefChanged,
    /// The answer to [`Action::Fetch`](super::Action::Fetch).
    Contents(Vec<(ObjectPath, Fetched)>),
    /// The vault ended the subscription.
    Revoked {
        /// What the vault refuses.
        refused: Refused,
        /// The vault's sentence, for an event.
        note: String,
    },
}

/// What a read of an object answers: a version, or why there is none.
pub type Reading = Result<Version, Reason>;

/// What a vault gives of an object: a version and what it is, or why there is none.
pub type Fetched = Result<(Version, Value), Reason>;

/// What a vault refuses when it ends a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The token: another one helps.
    Token,
    /// The subscription itself, by policy or by a limit.
    Subscription,
}

/// Why an action did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A sentence for the pod's author, without values.
    pub note: String,
    /// Whether the same action may succeed later without a change by anyone.
    pub is_retryable: bool,
}
