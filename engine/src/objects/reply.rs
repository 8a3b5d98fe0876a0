//! The promise to answer how a change ended, kept even when the writer fails.

use super::outcome::{Done, WriteError};

/// Calls back exactly once: at the latest when dropped, and then that the outcome is not known.
pub(super) struct Reply<T>(Option<Done<T>>);

impl<T> Reply<T> {
    pub(super) fn new(done: Done<T>) -> Self {
        Self(Some(done))
    }

    pub(super) fn send(mut self, result: Result<T, WriteError>) {
        if let Some(done) = self.0.take() {
            done(result);
        }
    }

    /// Forgets the promise: its maker knows already.
    pub(super) fn abandon(mut self) {
        self.0 = None;
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done(Err(WriteError::OutcomeUnknown));
        }
    }
}
