//! What the handle of a log and its thread share: the writer, and how far the log has reached the disk.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    thread::Thread,
};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::{
    error::AppendError,
    gauges::Gauges,
    writer::{Appended, Writer},
};
use crate::{
    chain::{Head, Place},
    config::{LogConfig, SyncMode},
};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) config: Arc<LogConfig>,
    pub(super) gauges: Arc<Gauges>,
    pub(super) writer: Mutex<Writer>,
    /// Something was appended since the last sync began.
    pub(super) dirty: AtomicBool,
    pub(super) stopped: AtomicBool,
    /// Syncs that failed since one succeeded.
    pub(super) failed_in_a_row: AtomicU32,
    pub(super) worker: OnceLock<Thread>,
    pub(super) progress: Mutex<Progress>,
    pub(super) progressed: Condvar,
}

/// How far a log has reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Synced {
    /// The last record synced.
    pub head: Head,
    /// The place of the last write synced: its record and those before it may leave the outbox.
    pub drained: Option<Place>,
}

/// What those who wait for a sync look at.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) synced: Synced,
    /// Counts failed syncs.
    pub(super) failures: u64,
}

impl Shared {
    pub(super) fn append_one(self: &Arc<Self>, record: Appended<'_>) -> Result<Head, AppendError> {
        self.append(&[record]).pop().unwrap_or(Err(AppendError::Lost))
    }

    pub(super) fn append(self: &Arc<Self>, records: &[Appended<'_>]) -> Vec<Result<Head, AppendError>> {
        // Before the lock, which a record that hangs holds.
        if let Err(AppendError::Hangs) = self.gauges.check_disk() {
            self.gauges.refused.fetch_add(records.len() as u64, Relaxed);
            return records.iter().map(|_| Err(AppendError::Hangs)).collect();
        }
        let failures = match self.config.sync {
            SyncMode::Always => self.progress().failures,
            SyncMode::Within(_) => 0,
        };
        let mut appended = self.append_locked(&mut self.lock(), records);
        let last = appended
            .iter()
            .rev()
            .find_map(|outcome| outcome.as_ref().ok().copied());
        if let (SyncMode::Always, Some(last)) = (self.config.sync, last)
            && self.wait_for(last, failures).is_err()
        {
            for outcome in appended.iter_mut().filter(|outcome| outcome.is_ok()) {
                *outcome = Err(AppendError::NotSynced);
            }
        }
        appended
    }

    /// What [`Self::append`] does, where it comes down to one write to a file that took the last one promptly.
    pub(super) fn append_promptly(&self, records: &[Appended<'_>]) -> Option<Vec<Result<Head, AppendError>>> {
        if self.config.sync == SyncMode::Always || !self.gauges.is_prompt() {
            return None;
        }
        let mut writer = self
            .writer
            .try_lock()
            .filter(|writer| !writer.is_rotation_due())?;
        Some(self.append_locked(&mut writer, records))
    }

    fn append_locked(&self, writer: &mut Writer, records: &[Appended<'_>]) -> Vec<Result<Head, AppendError>> {
        let timer = self.gauges.time();
        let appended = writer.append(records);
        drop(timer);
        let full = |outcome: &Result<_, _>| {
            matches!(
                outcome,
                Err(AppendError::QuotaReached { .. } | AppendError::BudgetSpent(_))
            )
        };
        // A lost file needs the thread too; a full log does not.
        if !appended.iter().all(full) {
            self.wake();
        }
        appended
    }

    /// Waits until `head` is on the disk, unless a sync fails after there had been `failures`.
    pub(super) fn wait_for(&self, head: Head, failures: u64) -> Result<(), AppendError> {
        let mut progress = self.progress();
        while progress.synced.head.sequence < head.sequence {
            if progress.failures != failures || self.stopped.load(Relaxed) {
                return Err(AppendError::NotSynced);
            }
            self.progressed.wait(&mut progress);
        }
        Ok(())
    }

    /// Wakes the log's thread for the first append of a window.
    pub(super) fn wake(&self) {
        if !self.dirty.swap(true, Relaxed) {
            self.hurry();
        }
    }

    /// Ends the window, if one is open.
    pub(super) fn hurry(&self) {
        if let Some(worker) = self.worker.get() {
            worker.unpark();
        }
    }

    /// The writer is whole between its statements: a panic elsewhere under the lock changes nothing of it.
    pub(super) fn lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock()
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock()
    }
}
