//! What every listener works with.

use std::{sync::Arc, time::SystemTime};

use strongroom_audit::{Log, RefusalCounter, VaultResource};
use strongroom_engine::Objects;
use strongroom_serving::accept::Drain;

use crate::{
    auth::Authenticator,
    certificates::{revocation_list::RevocationLists, settings::Turns},
    clock::Clock,
    keys::Keys,
    metrics::Metrics,
    policy::Policy,
    soon::Soon,
    storage::StorageHealth,
    timekeeper::Timekeeper,
};

/// How many sources of unauthenticated requests the audit log distinguishes in one interval.
const REFUSED_SOURCES: usize = 1000;

/// The vault's parts, each shared by reference.
#[derive(Debug, Clone)]
pub struct Service {
    /// What the store holds; a clone is a handle on the same.
    pub objects: Objects,
    /// Makes keys, and works with them.
    pub keys: Arc<Keys>,
    /// Decides every request, by the bundle in force.
    pub policy: Arc<Policy>,
    /// Verifies tokens.
    pub authenticator: Arc<Authenticator>,
    /// Takes the record of a request before its answer.
    pub audit: Arc<Log>,
    /// What audit records are about.
    pub resource: Arc<VaultResource>,
    /// Requests that did not authenticate.
    pub refusals: Arc<RefusalCounter>,
    /// What the last scrub found.
    pub storage: Arc<StorageHealth>,
    /// What the health port serves under `/metrics`.
    pub metrics: Arc<Metrics>,
    /// What every part reads the time from; a test sets it.
    pub clock: Clock,
    /// The time that the objects live by.
    pub timekeeper: Timekeeper,
    /// Wakes who looks at the schedule.
    pub soon: Soon,
    /// Lets one change of the settings of certificates at a time happen.
    pub turns: Turns,
    /// What is revoked of what the vault's authorities issued, as lists.
    pub lists: Arc<RevocationLists>,
    /// Says that the vault stops, and waits for the requests in flight.
    pub drain: Drain,
}

impl Service {
    /// A counter of unauthenticated requests, for [`Self::refusals`].
    pub fn refusal_counter(now: SystemTime) -> Arc<RefusalCounter> {
        Arc::new(RefusalCounter::new(REFUSED_SOURCES, now))
    }
}
