//! Audit records of requests, written together.
//!
//! A record must be in the log before its request is answered, and a write to the log costs more than the record itself.
//! So a request leaves its record with the others that wait, and the first of them starts the one that writes: it lets the
//! requests that are ready now leave theirs, takes all of them, and appends them with one write.

use std::sync::Arc;

use parking_lot::Mutex;
use strongroom_audit::{Class, Entry, Log};
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
    kept: oneshot::Sender<bool>,
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

    /// Appends a record; false when it cannot be kept. It is appended even when the request is gone that waits for it.
    pub(super) async fn append(self: &Arc<Self>, class: Class, entry: Entry) -> bool {
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
        is_kept.await.unwrap_or(false)
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
            if let Err(error) = &outcome {
                tracing::debug!(%error, "no audit record, no answer");
            }
            // Its client may have gone away.
            let _ = kept.send(outcome.is_ok());
        }
    }
}
