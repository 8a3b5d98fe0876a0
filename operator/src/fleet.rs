//! The running vaults as the leader knows them, and how it reaches them.
//!
//! Each part of a [`Member`] has one owner, which alone writes it, and a lock of its own that stands around the data and
//! never around a request:
//!
//! | part | written by | read by |
//! |---|---|---|
//! | client | the first caller after the credentials changed | all |
//! | [`PolicyLedger`] | the enforcement at the vault | the same, the SecretRefs |
//! | [`Conversation`] | the enforcement at the vault | the reconciler of the Vault |
//! | [`Memory`] | the enforcement at the vault; that it is stored, the reconciler of the Vault | both |
//! | [`Slowness`] | the enforcement at the vault | the same, the queues |
//! | [`Presence`](presence::Presence) | the enforcement at the vault | the same |
//! | [`Progress`] | the reconciler of the Vault | the same |
//!
//! The compiler holds the last: a guard is not `Send`, and a pass must be. Two passes of one controller over one vault
//! never overlap: the queue holds an object back while a pass over it goes on.

mod conversation;
mod credentials;
mod dispute;
mod ledger;
mod memory;
pub mod presence;
mod sighting;
mod slowness;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use strongroom_client::admin::AdminClient;

use crate::{pki::Fingerprint, target::Target};

pub use conversation::{Conversation, NoStatus};
pub use credentials::Credentials;
pub use ledger::{Conflict, InForce, PolicyLedger, Standing};
pub use memory::{Memory, Question};
pub use sighting::{Hindrance, Sighting};
pub use slowness::Slowness;

/// From one enforcement at a vault to the next.
const BREATH: Duration = Duration::from_millis(100);

/// One vault as the leader knows it. A successor needs none of it: it reads it from the vault again.
#[derive(Debug, Default)]
pub struct Member {
    client: Mutex<Option<(u64, AdminClient)>>,
    /// The policy in force.
    pub policy: PolicyLedger,
    /// How slow the vault has been of late.
    pub slowness: Mutex<Slowness>,
    /// When the last enforcement began.
    enforced: Mutex<Option<Instant>>,
    /// What was said last; `None` before the vault was asked for the first time.
    pub conversation: Mutex<Option<Arc<Conversation>>>,
    /// What is remembered of the vault outside of it.
    pub memory: Mutex<Memory>,
    /// What waits for the vault's end.
    pub presence: Mutex<presence::Presence>,
    /// What the reconciler of the Vault remembers from pass to pass.
    pub progress: Mutex<Progress>,
}

/// What the reconciler of a Vault remembers from pass to pass.
#[derive(Debug, Default)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Progress {
    /// When the vault's objects were last applied, and of what they were made then.
    pub applied: Option<(Instant, Basis)>,
    /// When the namespace's pods were last listed, and one of them that is no vault's.
    pub neighbour: Option<(Instant, Option<String>)>,
    /// Since when the objects could not be applied, for a reason that may pass by itself.
    pub failing: Option<Instant>,
    /// When the pod was last looked at, and what was seen of it.
    pub sighting: Option<(Instant, Sighting)>,
}

/// Of what a vault's objects are made. Where it is another than before, they are applied at the next look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The generation of the Vault's spec.
    pub generation: Option<i64>,
    /// The authorities that sign the vault's certificate, and that the vault trusts.
    pub authorities: Fingerprint,
}

impl Member {
    /// Begins an enforcement, unless one began just now: then how long to wait. Someone who makes and deletes accounts
    /// in a loop costs no more than ten passes a second, and delays none.
    pub fn begin_enforcement(&self, now: Instant) -> Result<(), Duration> {
        let mut last = self.enforced.lock();
        let since = last.map(|last| now.duration_since(last));
        match since.and_then(|since| BREATH.checked_sub(since)) {
            Some(wait) if !wait.is_zero() => Err(wait),
            Some(_) | None => {
                *last = Some(now);
                Ok(())
            }
        }
    }

    /// The client of the vault's one replica, with the credentials that are current. Waits for nothing.
    pub fn client(&self, target: &Target<'_>, credentials: &Credentials) -> AdminClient {
        let mut known = self.client.lock();
        match &*known {
            Some((serial, client)) if *serial == credentials.serial() => client.clone(),
            Some(_) | None => {
                let (serial, client) = credentials.client(&target.reference);
                *known = Some((serial, client.clone()));
                client
            }
        }
    }
}

/// All vaults, by the UID of their object.
#[derive(Debug, Default)]
pub struct Fleet(Mutex<HashMap<String, Arc<Member>>>);

impl Fleet {
    /// The vault of this UID, known or not.
    pub fn member(&self, uid: &str) -> Arc<Member> {
        Arc::clone(self.0.lock().entry(uid.to_owned()).or_default())
    }

    /// Forgets the vaults whose UIDs do not exist any more.
    pub fn retain(&self, exists: impl Fn(&str) -> bool) {
        self.0.lock().retain(|uid, _| exists(uid));
    }
}
