//! Audit records of requests, written together.
//!
//! A record must be in the log before its request is answered. A request leaves its record with the others that wait, and
//! one task appends all of them with one write, until none waits. It writes on the thread of the runtime that it is on: to
//! wake another, and to be woken, costs more than the write. Where the write would wait for more than the page cache, as
//! for another thread's, it goes on beside the runtime.
//!
//! A disk may not answer. It then holds one thread of the runtime, whose others serve everyone (woken by the pulse of
//! `serve`), and no request waits for it longer than [`PATIENCE`]: that is why the task is none of a request's.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use strongroom_audit::{AppendError, Class, Entry, Head, Log};
use tokio::{
    sync::oneshot,
    task::{spawn_blocking, yield_now},
    time::timeout,
};

/// How long a request waits for its record.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Appends the records of many requests to one log.
#[derive(Debug)]
pub(super) struct Recorder {
    log: Arc<Log>,
    waiting: Mutex<Queue>,
}

/// Records that wait, and whether a task writes them.
#[derive(Debug, Default)]
struct Queue {
    records: Vec<Waiting>,
    is_written: bool,
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
    pub(super) fn new(log: Arc<Log>) -> Arc<Self> {
        Arc::new(Self {
            log,
            waiting: Mutex::default(),
        })
    }

    /// Appends a record. It is appended even when the request is gone that waits for it, and it may still be appended when
    /// it waited too long.
    pub(super) async fn append(self: &Arc<Self>, class: Class, entry: Entry) -> Result<(), NotKept> {
        if self.log.hangs() {
            return Err(NotKept::Failed);
        }
        let (kept, is_kept) = oneshot::channel();
        let is_first = {
            let mut waiting = self.waiting.lock();
            waiting.records.push(Waiting {
                record: (class, entry),
                kept,
            });
            !std::mem::replace(&mut waiting.is_written, true)
        };
        if is_first {
            // A task of its own: a request whose client goes away is dropped, and the others still wait.
            tokio::spawn(Arc::clone(self).write());
        }
        match timeout(PATIENCE, is_kept).await {
            Ok(Ok(kept)) => kept,
            Ok(Err(_)) | Err(_) => Err(NotKept::Failed),
        }
    }

    async fn write(self: Arc<Self>) {
        loop {
            let waiting = {
                let mut waiting = self.waiting.lock();
                waiting.is_written = !waiting.records.is_empty();
                std::mem::take(&mut waiting.records)
            };
            if waiting.is_empty() {
                return;
            }
            self.append_all(waiting).await;
            if !self.waiting.lock().records.is_empty() {
                // The answers to those whose records are kept come first.
                yield_now().await;
            }
        }
    }

    async fn append_all(&self, waiting: Vec<Waiting>) {
        let (records, senders): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .map(|waiting| (waiting.record, waiting.kept))
            .unzip();
        let outcomes = match self.log.append_promptly(&records) {
            Some(outcomes) => outcomes,
            None => {
                let log = Arc::clone(&self.log);
                // The dropped senders say to each waiting request that its record was not kept.
                spawn_blocking(move || log.append_all(&records))
                    .await
                    .unwrap_or_default()
            }
        };
        for (outcome, sender) in outcomes.into_iter().zip(senders) {
            // Its client may have gone away.
            let _ = sender.send(kept(outcome));
        }
    }
}

/// Whether the log has taken a record.
fn kept(outcome: Result<Head, AppendError>) -> Result<(), NotKept> {
    outcome.map(drop).map_err(|error| match error {
        AppendError::BudgetSpent(_) => NotKept::BudgetSpent,
        error => {
            tracing::debug!(%error, "no audit record, no answer");
            NotKept::Failed
        }
    })
}
