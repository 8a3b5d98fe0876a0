//! What goes on beside the requests: keys, certificates, sweeping, rotating, counting, scrubbing.

use std::{sync::Arc, time::Duration};

use strongroom_audit::{Class, Entry};
use strongroom_serving::tls::ServingCertificate;
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    access::Access, admin::OperatorAuthority, auth::Peers, rotation, service::Service,
    storage::SCRUB_INTERVAL,
};

/// How often retention and erasure are looked at.
const SWEEP: Duration = Duration::from_secs(5);

/// How often unauthenticated requests are recorded, one record per source.
const COUNT: Duration = Duration::from_mins(1);

/// How often refused requests of known callers are recorded that are counted: the shortest of their intervals.
const COUNT_REFUSED: Duration = Duration::from_secs(1);

/// What has to be kept up.
pub(super) struct Upkeep {
    pub(super) service: Service,
    pub(super) access: Arc<Access>,
    pub(super) peers: Arc<Peers>,
    pub(super) certificate: Arc<ServingCertificate>,
    pub(super) authority: Arc<OperatorAuthority>,
    /// Whether store and audit log are on one disk.
    pub(super) is_disk_shared: bool,
    /// How long the operator has to compare the store.
    pub(super) compared_within: Duration,
}

impl Upkeep {
    /// Starts everything; it ends when the set is dropped.
    pub(super) fn start(self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let Self {
            service,
            access,
            peers,
            certificate,
            authority,
            is_disk_shared,
            compared_within,
        } = self;
        tasks.spawn(async move { peers.run().await });
        tasks.spawn(async move { certificate.keep_fresh().await });
        tasks.spawn(async move { authority.keep_fresh().await });
        tasks.spawn(sweep(service.clone(), Arc::clone(&access), is_disk_shared));
        tasks.spawn(stop_waiting(service.clone(), compared_within));
        tasks.spawn(count_refused(access));
        tasks.spawn(rotation::run(service.clone()));
        tasks.spawn(count(service.clone()));
        tasks.spawn(scrub(service));
        tasks
    }
}

async fn sweep(service: Service, access: Arc<Access>, is_disk_shared: bool) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        access.forget_quiet();
        service.keys.opened().drop_idle();
        if is_disk_shared {
            let audit = service.audit.usage();
            let wanted = audit.quota.bytes.saturating_sub(audit.bytes);
            service.objects.set_aside(wanted);
        }
        // A store that was put back to an older state must not lose more: nothing is purged until it is accepted.
        if !service.policy.is_in_doubt() {
            // Writes of clients come first: a full queue sweeps next time. What a sweep itself cannot do, the engine says of its disk.
            if let Err(full) = service.objects.sweep(service.timekeeper.now()) {
                tracing::debug!(%full, "the sweep waits for the next time");
            }
        }
    }
}

/// An operator that is not there must not keep the vault closed.
async fn stop_waiting(service: Service, after: Duration) {
    sleep(after).await;
    if service.policy.end_wait() {
        tracing::warn!(
            ?after,
            "the operator did not compare the store with its anchor in time; data is answered all the same"
        );
    }
}

async fn count_refused(access: Arc<Access>) {
    loop {
        sleep(COUNT_REFUSED).await;
        let access = Arc::clone(&access);
        beside(move || access.record_refusals(false)).await;
    }
}

/// Writes to the log beside the runtime: its disk may not answer.
async fn beside(record: impl FnOnce() + Send + 'static) {
    if spawn_blocking(record).await.is_err() {
        tracing::error!("counted refusals could not be recorded");
    }
}

async fn count(service: Service) {
    loop {
        sleep(COUNT).await;
        let service = service.clone();
        beside(move || record_refusals(&service)).await;
    }
}

/// Records the unauthenticated requests since the last time. What cannot be recorded is counted on.
pub(super) fn record_refusals(service: &Service) {
    let now = service.clock.time();
    for event in service.refusals.take(now) {
        let entry = Entry::event(now, &event);
        if let Err(error) = service.audit.append(Class::Unauthenticated, &entry) {
            tracing::debug!(%error, "unauthenticated requests are counted on");
            service.refusals.restore(&event);
        }
    }
}

async fn scrub(service: Service) {
    loop {
        let objects = service.objects.clone();
        match spawn_blocking(move || objects.scrub()).await {
            Ok(Ok(report)) => {
                tracing::info!(?report, "the store is whole");
                service.storage.note_whole(report);
            }
            Ok(Err(corrupt)) => {
                tracing::error!(%corrupt, "the store is damaged");
                service.storage.note(corrupt.to_string());
            }
            Err(_) => service.storage.note("the store could not be scrubbed".to_owned()),
        }
        sleep(SCRUB_INTERVAL).await;
    }
}
