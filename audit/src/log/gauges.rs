//! How a log is: numbers and health that can be asked while an append hangs, since no lock is needed.

use std::{
    fmt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use super::error::AppendError;
use crate::{
    chain::Head,
    config::{Class, Quota},
};

/// Why a log is not healthy: the vault must not be ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// An append takes, or the last one took, this long.
    Slow(Duration),
    /// A sync takes this long already: what was appended since may be lost with the machine.
    Unsynced(Duration),
    /// The quota is used up for reads and writes.
    QuotaReached,
    /// The file or directory is gone or changed, and no new segment could be begun yet.
    Lost,
    /// The last append or sync failed.
    Failing,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow(time) => write!(f, "an audit record took {:.1} s to append", time.as_secs_f64()),
            Self::Unsynced(time) => {
                write!(
                    f,
                    "audit records wait for the disk for {:.0} s",
                    time.as_secs_f64()
                )
            }
            Self::QuotaReached => f.write_str("the audit log's quota is used up"),
            Self::Lost => f.write_str("the audit log's file or directory is gone or was changed"),
            Self::Failing => f.write_str("audit records cannot be written to the disk"),
        }
    }
}

/// A log's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes in all segments.
    pub bytes: u64,
    /// Of these, the bytes in segments that may be removed when others need the room.
    pub removable: u64,
    /// What they may be.
    pub quota: Quota,
    /// Records appended since it was opened, the log's own included.
    pub records: u64,
    /// Records refused since it was opened.
    pub refused: u64,
    /// Bytes that were removed to make room before the retention's age was over, since it was opened.
    pub removed_early: u64,
    /// The sequence number of the last record that was removed in its time, or to make room, since the log was opened; 0
    /// before any was.
    pub removed_through: u64,
    /// Syncs since it was opened.
    pub syncs: u64,
    /// The sequence number of the last record.
    pub sequence: u64,
}

impl Usage {
    /// Whether `AuditNearlyFull` holds: 80 % of the quota.
    pub const fn is_nearly_full(&self) -> bool {
        self.bytes >= self.quota.nearly_full()
    }
}

#[derive(Debug)]
pub(super) struct Gauges {
    quota: Quota,
    epoch: Instant,
    /// When the append that holds the lock began, in milliseconds after `epoch` plus one; 0 is none.
    began: AtomicU64,
    last_ms: AtomicU64,
    /// The same of the sync that goes on.
    sync_began: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) removable: AtomicU64,
    pub(super) removed_early: AtomicU64,
    pub(super) removed_through: AtomicU64,
    pub(super) records: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) syncs: AtomicU64,
    head: Mutex<Head>,
    pub(super) lost: AtomicBool,
    pub(super) write_failing: AtomicBool,
    pub(super) sync_failing: AtomicBool,
}

impl Gauges {
    /// The longest an append may take.
    const SLOW: Duration = Duration::from_secs(1);
    /// How long the last append may have taken, and a sync go on, for the next append to be made on a thread that others
    /// wait for.
    const PROMPT: Duration = Duration::from_millis(20);
    /// The longest a sync may take. A busy disk takes a second; one that hangs takes for ever.
    const UNSYNCED: Duration = Duration::from_secs(10);
    /// A record that would not fit is not far from one that does.
    pub(super) const MARGIN: u64 = 2048;

    pub(super) fn new(quota: Quota, head: Head) -> Self {
        Self {
            quota,
            epoch: Instant::now(),
            began: AtomicU64::new(0),
            last_ms: AtomicU64::new(0),
            sync_began: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            removable: AtomicU64::new(0),
            removed_early: AtomicU64::new(0),
            removed_through: AtomicU64::new(0),
            records: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
            head: Mutex::new(head),
            lost: AtomicBool::new(false),
            write_failing: AtomicBool::new(false),
            sync_failing: AtomicBool::new(false),
        }
    }

    /// The last record. The lock is never held while anything waits.
    pub(super) fn head(&self) -> Head {
        *self.head.lock()
    }

    pub(super) fn show_head(&self, head: Head) {
        *self.head.lock() = head;
    }

    /// Times the append that goes on until the answer is dropped.
    pub(super) fn time(&self) -> Timer<'_> {
        self.began.store(self.now().saturating_add(1), Relaxed);
        Timer(self)
    }

    /// Times the sync that goes on until the answer is dropped.
    pub(super) fn time_sync(&self) -> SyncTimer<'_> {
        self.sync_began.store(self.now().saturating_add(1), Relaxed);
        SyncTimer(self)
    }

    /// Whether a record could be taken now, as far as the disk goes.
    ///
    /// # Errors
    /// Where an append or a sync hangs, and where what was appended did not reach the disk.
    pub(super) fn check_disk(&self) -> Result<(), AppendError> {
        if self.running(&self.began) > Self::SLOW || self.running(&self.sync_began) > Self::UNSYNCED {
            Err(AppendError::Hangs)
        } else if self.sync_failing.load(Relaxed) {
            Err(AppendError::NotSynced)
        } else {
            Ok(())
        }
    }

    /// Whether the last append was slow and none goes on: only another one tells whether the disk still is.
    pub(super) fn must_probe(&self) -> bool {
        self.began.load(Relaxed) == 0 && self.last() > Self::SLOW
    }

    /// Whether the log is healthy, the last append was prompt, none goes on, and neither does a long sync: a write would
    /// wait for what that waits for.
    pub(super) fn is_prompt(&self) -> bool {
        self.began.load(Relaxed) == 0
            && self.last() <= Self::PROMPT
            && self.running(&self.sync_began) <= Self::PROMPT
            && self.problem().is_none()
    }

    /// How long the last append took.
    pub(super) fn last(&self) -> Duration {
        Duration::from_millis(self.last_ms.load(Relaxed))
    }

    /// How long what began at `began` goes on.
    fn running(&self, began: &AtomicU64) -> Duration {
        Duration::from_millis(match began.load(Relaxed) {
            0 => 0,
            began => self.now().saturating_add(1).saturating_sub(began),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            bytes: self.bytes.load(Relaxed),
            removable: self.removable.load(Relaxed),
            quota: self.quota,
            records: self.records.load(Relaxed),
            refused: self.refused.load(Relaxed),
            removed_early: self.removed_early.load(Relaxed),
            removed_through: self.removed_through.load(Relaxed),
            syncs: self.syncs.load(Relaxed),
            sequence: self.head().sequence,
        }
    }

    pub(super) fn problem(&self) -> Option<Problem> {
        let slowest = self.running(&self.began).max(self.last());
        let unsynced = self.running(&self.sync_began);
        let limit = self.quota.limit(Class::Read);
        if slowest > Self::SLOW {
            Some(Problem::Slow(slowest))
        } else if unsynced > Self::UNSYNCED {
            Some(Problem::Unsynced(unsynced))
        } else if self.lost.load(Relaxed) {
            Some(Problem::Lost)
        } else if self.write_failing.load(Relaxed) || self.sync_failing.load(Relaxed) {
            Some(Problem::Failing)
        } else if self.bytes.load(Relaxed).saturating_add(Self::MARGIN) > limit {
            Some(Problem::QuotaReached)
        } else {
            None
        }
    }
}

#[cfg(test)]
impl Gauges {
    /// As after an append that took so long.
    pub(super) fn pretend_last(&self, took: Duration) {
        let took = u64::try_from(took.as_millis()).unwrap();
        self.last_ms.store(took, Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct Timer<'a>(&'a Gauges);

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        let took = self
            .0
            .now()
            .saturating_add(1)
            .saturating_sub(self.0.began.swap(0, Relaxed));
        self.0.last_ms.store(took, Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct SyncTimer<'a>(&'a Gauges);

impl Drop for SyncTimer<'_> {
    fn drop(&mut self) {
        self.0.sync_began.store(0, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::Hash;

    fn old_gauges() -> Gauges {
        let quota = Quota {
            bytes: 1 << 20,
            reserve: 0,
        };
        let head = Head {
            sequence: 0,
            hash: Hash::genesis("vault", "prod-0"),
        };
        Gauges {
            epoch: Instant::now().checked_sub(Duration::from_mins(1)).unwrap(),
            ..Gauges::new(quota, head)
        }
    }

    #[test]
    fn a_sync_that_hangs_is_a_problem_while_it_does() {
        let gauges = old_gauges();
        let timer = gauges.time_sync();
        assert_eq!(gauges.problem(), None);
        gauges.sync_began.store(1, Relaxed);
        assert!(matches!(gauges.problem(), Some(Problem::Unsynced(time)) if time >= Duration::from_secs(59)));
        assert!(matches!(gauges.check_disk(), Err(AppendError::Hangs)));
        drop(timer);
        assert_eq!(gauges.problem(), None);
        assert!(gauges.check_disk().is_ok());
    }

    #[test]
    fn a_log_is_prompt_unless_its_disk_was_or_is_slow() {
        let gauges = old_gauges();
        assert!(gauges.is_prompt());
        let append = gauges.time();
        assert!(!gauges.is_prompt(), "an append goes on");
        drop(append);
        assert!(gauges.is_prompt());
        gauges.pretend_last(Duration::from_millis(21));
        assert!(!gauges.is_prompt(), "the last one was slow");
        drop(gauges.time());
        let sync = gauges.time_sync();
        gauges.sync_began.store(1, Relaxed);
        assert!(!gauges.is_prompt(), "a sync goes on for a minute");
        drop(sync);
        assert!(gauges.is_prompt());
    }

    #[test]
    fn an_append_over_a_second_is_a_problem_until_one_is_fast_again() {
        let gauges = old_gauges();
        let timer = gauges.time();
        assert_eq!(gauges.problem(), None);
        gauges.began.store(1, Relaxed);
        assert!(matches!(gauges.problem(), Some(Problem::Slow(time)) if time >= Duration::from_secs(59)));
        assert!(matches!(gauges.check_disk(), Err(AppendError::Hangs)));
        drop(timer);
        // It was slow, but it does not hang.
        assert!(gauges.check_disk().is_ok());
        assert!(matches!(gauges.problem(), Some(Problem::Slow(_))));
        assert!(gauges.must_probe());
        drop(gauges.time());
        assert!(!gauges.must_probe());
        assert_eq!(gauges.problem(), None);
    }
}
