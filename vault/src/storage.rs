//! Whether the store was found whole: scrubbed once after start and daily.

use std::time::Duration;

use parking_lot::Mutex;

/// How long after one scrub the next begins.
pub const SCRUB_INTERVAL: Duration = Duration::from_hours(24);

/// What the last scrub found.
#[derive(Debug, Default)]
pub struct StorageHealth(Mutex<Option<String>>);

impl StorageHealth {
    /// What is wrong, as a sentence; none while nothing is known to be.
    pub fn problem(&self) -> Option<String> {
        self.0.lock().clone()
    }

    /// Notes what a scrub found. A later clean one does not take it back: what was lost stays lost until somebody
    /// restores the store and starts the vault anew.
    pub fn note(&self, problem: String) {
        self.0.lock().get_or_insert(problem);
    }
}
