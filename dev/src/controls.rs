//! What can be changed of vaults that run: their time, and the faults that programs meet.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use strongroom_vault::clock::Clock;
use tokio::sync::Notify;

use crate::{
    faults::{FaultPlan, Faults},
    notices::{Notice, Notices},
    policy::Enforcer,
};

/// How far ahead of the machine's time a vault can be: tokens of accounts must not end before.
pub const FURTHEST: Duration = Duration::from_hours(24 * 366 * 10);

/// Why the time was not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a vault on a laptop is at most ten years ahead of the machine")]
pub struct TooFar;

/// What can be changed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Controls {
    clock: Clock,
    /// By how many seconds it is ahead.
    ahead: Arc<AtomicI64>,
    enforcer: Enforcer,
    faults: Faults,
    notices: Notices,
    stop: Arc<Notify>,
    is_ready: Arc<AtomicBool>,
}

impl Controls {
    /// Of vaults that live by this clock, and decide by what this enforcer puts in force.
    pub(crate) fn new(clock: Clock, enforcer: Enforcer) -> Self {
        Self {
            clock,
            ahead: Arc::default(),
            enforcer,
            faults: Faults::default(),
            notices: Notices::default(),
            stop: Arc::default(),
            is_ready: Arc::default(),
        }
    }

    /// What the vaults' time is, in seconds since 1970.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// By how many seconds that is ahead of the machine's.
    pub fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Moves the vaults' time forward, which is the only way that it goes, and answers what it is then. Blocks.
    ///
    /// # Errors
    /// It would be too far ahead.
    pub fn move_time(&self, by: Duration) -> Result<i64, TooFar> {
        let seconds = i64::try_from(by.as_secs()).map_err(|_| TooFar)?;
        let furthest = i64::try_from(FURTHEST.as_secs()).map_err(|_| TooFar)?;
        let further = |ahead: i64| Some(ahead.saturating_add(seconds)).filter(|sum| *sum <= furthest);
        let moved = self
            .ahead
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, further);
        moved.map_err(|_| TooFar)?;
        self.clock.advance(seconds);
        // The vault believes no clock that jumps, unless its operator's has the same time.
        self.enforcer.confirm();
        let now = self.now();
        self.notices.tell(Notice::Time(now));
        Ok(now)
    }

    /// Has these faults be from now on, and no others.
    pub fn set_faults(&self, plan: FaultPlan) {
        let said = plan.to_string();
        self.faults.set(plan);
        self.notices.tell(Notice::Faults(said));
    }

    /// Which faults there are.
    pub fn faults(&self) -> FaultPlan {
        self.faults.plan()
    }

    /// Has `/readyz` of every vault say that everything is there that is to be there from the beginning.
    pub fn say_ready(&self) {
        self.is_ready.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Relaxed)
    }

    /// What happens beside requests.
    pub const fn notices(&self) -> &Notices {
        &self.notices
    }

    /// Asks whoever runs the vaults to stop them.
    pub(crate) fn ask_to_stop(&self) {
        self.stop.notify_one();
    }

    /// Waits until somebody asks for the end. Cancel-safe.
    pub async fn asked_to_stop(&self) {
        self.stop.notified().await;
    }

    pub(crate) const fn fault_switch(&self) -> &Faults {
        &self.faults
    }
}
