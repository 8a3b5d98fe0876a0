//! Whether the store was found whole: scrubbed once after start and daily.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use strongroom_engine::ScrubReport;

/// How long after one scrub the next begins.
pub const SCRUB_INTERVAL: Duration = Duration::from_hours(24);

/// What the scrubs found.
#[derive(Debug, Default)]
pub struct StorageHealth {
    problem: Mutex<Option<String>>,
    most_versions: AtomicU64,
}

impl StorageHealth {
    /// What is wrong, as a sentence; none while nothing is known to be.
    pub fn problem(&self) -> Option<String> {
        self.problem.lock().clone()
    }

    /// Notes what a scrub found. A later clean one does not take it back: what was lost stays lost until somebody
    /// restores the store and starts the vault anew.
    pub fn note(&self, problem: String) {
        self.problem.lock().get_or_insert(problem);
    }

    /// How many versions the object had that had the most, as of the last scrub.
    pub fn most_versions(&self) -> u64 {
        self.most_versions.load(Ordering::Relaxed)
    }

    /// Notes what a scrub read that found the store whole.
    pub fn note_whole(&self, report: ScrubReport) {
        self.most_versions.store(report.most_versions, Ordering::Relaxed);
    }
}
