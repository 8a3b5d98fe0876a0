//! The audit records of one stream.

use std::{net::IpAddr, sync::Arc, time::Instant};

use aws_lc_rs::rand;
use strongroom_audit::{
    AppendError, Class, ClientInfo, CorrelationId, Entry, Origin, Outcome, Record, RequestPath, Resource,
    TlsVersion, Verdict,
};
use strongroom_core::{Operation, Principal};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};

use crate::service::Service;

/// The path that every request of a stream has.
pub(super) const PATH: &str = "/strongroom.v1.Watch/Watch";

/// What the records of one stream have in common.
#[derive(Debug, Clone)]
pub(super) struct Trail {
    pub(super) service: Service,
    pub(super) caller: IpAddr,
    pub(super) client: ClientInfo,
    pub(super) tls: TlsVersion,
    /// Whether a record waits for the disk.
    pub(super) waits: bool,
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
    /// Records what `principal` was answered, and counts it. Nothing may be answered when this fails.
    pub(super) fn record(&self, principal: &Arc<Principal>, deed: Deed) -> Result<(), AppendError> {
        let (service, took) = (&self.service, deed.began.elapsed());
        let (operation, status) = (deed.operation, deed.outcome.status);
        let class = if deed.outcome.is_success() {
            Class::Read
        } else {
            Class::Refusal
        };
        let record = Record {
            time: service.clock.time(),
            vault: Arc::clone(&service.resource),
            operation: deed.operation,
            resource: deed.resource,
            origin: Origin {
                principal: Arc::clone(principal),
                caller: self.caller,
                correlation: correlation(),
                client: self.client.clone(),
                path: RequestPath::new(PATH),
                tls: self.tls,
            },
            verdict: deed.verdict,
            outcome: deed.outcome,
            duration: took,
        };
        let entry = Entry::new(&record);
        let append = || service.audit.append(class, &entry);
        match if self.waits { aside(append) } else { append() } {
            Ok(_) => {
                service.metrics.request(operation.as_str(), status, took);
                Ok(())
            }
            Err(error) => {
                service.metrics.audit_failure();
                Err(error)
            }
        }
    }
}

/// Runs what waits for the disk where other tasks do not wait for it, if the runtime has another thread for them.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        _ => work(),
    }
}

/// An id of our own: a stream's messages bring none.
fn correlation() -> CorrelationId {
    let mut bytes = [0; 16];
    // An id that is not unique costs a reader of the log a second look; nothing depends on it.
    let _ = rand::fill(&mut bytes);
    CorrelationId::from_random(bytes)
}
