//! The audit records of one stream.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Instant, SystemTime},
};

use aws_lc_rs::rand;
use strongroom_core::Identity;
use strongroom_engine::audit::{
    AppendError, Class, ClientInfo, CorrelationId, Entry, Log, Operation, Origin, Outcome, Record,
    RequestPath, Resource, TlsVersion, VaultResource, Verdict,
};

/// The path that every request of a stream has.
pub(super) const PATH: &str = "/strongroom.v1.Watch/Watch";

/// What the records of one stream have in common.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    pub(super) log: Arc<Log>,
    pub(super) vault: Arc<VaultResource>,
    pub(super) caller: IpAddr,
    pub(super) client: ClientInfo,
    pub(super) tls: TlsVersion,
}

/// What one record says.
#[derive(Debug)]
pub(super) struct Deed {
    pub(super) operation: Operation,
    pub(super) resource: Resource,
    pub(super) verdict: Verdict,
    pub(super) outcome: Outcome,
    pub(super) began: Instant,
}

impl Trail {
    /// Records what `identity` was answered. Nothing may be answered when this fails.
    pub(super) fn record(&self, identity: &Identity, now: SystemTime, deed: Deed) -> Result<(), AppendError> {
        let class = if deed.outcome.is_success() {
            Class::Read
        } else {
            Class::Refusal
        };
        let record = Record {
            time: now,
            vault: Arc::clone(&self.vault),
            operation: deed.operation,
            resource: deed.resource,
            origin: Origin {
                identity: Arc::new(identity.clone()),
                caller: self.caller,
                correlation: correlation(),
                client: self.client.clone(),
                path: RequestPath::new(PATH),
                tls: self.tls,
            },
            verdict: deed.verdict,
            outcome: deed.outcome,
            duration: deed.began.elapsed(),
        };
        self.log.append(class, &Entry::new(&record)).map(drop)
    }
}

/// An id of our own: a stream's messages bring none.
fn correlation() -> CorrelationId {
    let mut bytes = [0; 16];
    // An id that is not unique costs a reader of the log a second look; nothing depends on it.
    let _ = rand::fill(&mut bytes);
    CorrelationId::from_random(bytes)
}
