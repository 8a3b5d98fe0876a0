//! Audit records of requests, written together.
//!
//! A record must be in the log before its request is answered, and a write to the log costs more than the record itself.
//! So a request leaves its record with the others that wait, and the first of them starts the one that writes: it lets the
//! requests that are ready now leave theirs, takes all of them, and appends them with one write.

use std::sync::Arc;

use parking_lot::Mutex;
use strongroom_audit::{AppendError, Class, Entry, Log};
use tokio::{
    sync::oneshot,
    task::{spawn_blocking, yield_now},
};

/// Appends the records of many requests to one log.
#[derive(Debug)]
pub(super) struct Recorder {
    log: Arc<Log>,
    /// Whether a record waits for the disk, so that appending it must not hold up other requests.
    waits: bool,
    waiting: Mutex<Vec<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    record: (Class, Entry),
    kept: oneshot::Sender<Result<(), NotKept>>,
}

/// Why a record is not in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotKept {
    /// Records of its class have taken all that they may for now: it is to be counted.
    BudgetSpent,
    /// The log takes no records, so the request is not answered.
    Failed,
}

impl Recorder {
    /// A recorder of `log`.
    pub(super) fn new(log: Arc<Log>, waits: bool) -> Arc<Self> {
        Arc::new(Self {
            log,
            waits,
            waiting: Mutex::default(),
        })
    }

    /// Appends a record. It is appended even when the request is gone that waits for it.
    pub(super) async fn append(self: &Arc<Self>, class: Class, entry: Entry) -> Result<(), NotKept> {
        let (kept, is_kept) = oneshot::channel();
        let is_first = {
            let mut waiting = self.waiting.lock();
            waiting.push(Waiting {
                record: (class, entry),
                kept,
            });
            waiting.len() == 1
        };
        if is_first {
            // A task of its own: a request whose client goes away is dropped, and the others still wait.
            tokio::spawn(Arc::clone(self).write());
        }
        is_kept.await.unwrap_or(Err(NotKept::Failed))
    }

    async fn write(self: Arc<Self>) {
        yield_now().await;
        let waiting = std::mem::take(&mut *self.waiting.lock());
        let (records, kept): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .map(|waiting| (waiting.record, waiting.kept))
            .unzip();
        let waits = self.waits;
        let append = move || self.log.append_all(&records);
        let outcomes = if waits {
            // The dropped senders say to each waiting request that its record was not kept.
            spawn_blocking(append).await.unwrap_or_default()
        } else {
            append()
        };
        for (outcome, kept) in outcomes.into_iter().zip(kept) {
            let outcome = outcome.map(drop).map_err(|error| match error {
                AppendError::BudgetSpent(_) => NotKept::BudgetSpent,
                error => {
                    tracing::debug!(%error, "no audit record, no answer");
                    NotKept::Failed
                }
            });
            // Its client may have gone away.
            let _ = kept.send(outcome);
        }
    }
}
