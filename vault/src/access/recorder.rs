//! Audit records of requests, written together.
//!
//! A record must be in the log before its request is answered. A request leaves its record with the others that wait, and
//! one task appends all of them with one write, until none waits. The task writes on whichever thread of the runtime runs
//! it: to wake another, and to be woken, costs more than the write. Where the write would wait for more than the page
//! cache, as for another thread's, it goes on beside the runtime.
//!
//! A disk may not answer. It then holds one thread of the runtime, whose others serve everyone (the pulse of `serve` wakes
//! one of them), and no request waits for it longer than [`PATIENCE`]: so the task belongs to no request, and gives way
//! after it has answered some.

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use parking_lot::Mutex;
use strongroom_audit::{AppendError, Class, Entry, Head, Log};
use tokio::{sync::oneshot, task::spawn_blocking, time::timeout};

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
            tokio::spawn(Turn::of(self).write());
        }
        match timeout(PATIENCE, is_kept).await {
            Ok(Ok(kept)) => kept,
            Ok(Err(_)) | Err(_) => Err(NotKept::Failed),
        }
    }

    async fn append_all(&self, waiting: Vec<Waiting>) {
        let (records, senders): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .map(|waiting| (waiting.record, waiting.kept))
            .unzip();
        let outcomes = if let Some(outcomes) = self.log.append_promptly(&records) {
            outcomes
        } else {
            let log = Arc::clone(&self.log);
            spawn_blocking(move || log.append_all(&records))
                .await
                .unwrap_or_default()
        };
        // A sender that is dropped, where there are fewer outcomes, says that the record was not kept.
        for (outcome, sender) in outcomes.into_iter().zip(senders) {
            // Its client may have gone away.
            let _ = sender.send(kept(outcome));
        }
    }
}

/// The turn of the one task that writes. However it ends, the next record gets a task again.
struct Turn {
    recorder: Arc<Recorder>,
    is_over: bool,
}

impl Turn {
    fn of(recorder: &Arc<Recorder>) -> Self {
        Self {
            recorder: Arc::clone(recorder),
            is_over: false,
        }
    }

    async fn write(mut self) {
        let mut next = self.take();
        while let Some(waiting) = next {
            self.recorder.append_all(waiting).await;
            next = self.take();
            if next.is_some() {
                give_way().await;
            }
        }
    }

    /// The records that wait; the turn is over where none does.
    fn take(&mut self) -> Option<Vec<Waiting>> {
        let mut queue = self.recorder.waiting.lock();
        self.is_over = queue.records.is_empty();
        queue.is_written = !self.is_over;
        queue.is_written.then(|| std::mem::take(&mut queue.records))
    }
}

impl Drop for Turn {
    /// After a panic, what waits is not kept.
    fn drop(&mut self) {
        if !self.is_over {
            let mut queue = self.recorder.waiting.lock();
            queue.is_written = false;
            queue.records.clear();
        }
    }
}

/// Lets what is ready run before the task goes on. Unlike [`tokio::task::yield_now`], it leaves the task where another
/// thread finds it.
async fn give_way() {
    let mut has_given = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_given, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use strongroom_audit::{Event, LogConfig};

    use super::*;

    fn entry() -> Entry {
        Entry::event(SystemTime::now(), &Event::VaultStop)
    }

    #[tokio::test]
    async fn a_turn_that_ends_in_a_panic_keeps_nobody_waiting_and_the_next_record_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let config = LogConfig::new(directory.path().join("audit"), "vault", "prod-0");
        let recorder = Recorder::new(Arc::new(Log::open(config, None).unwrap()));
        let (kept, is_kept) = oneshot::channel();
        *recorder.waiting.lock() = Queue {
            records: vec![Waiting {
                record: (Class::Read, entry()),
                kept,
            }],
            is_written: true,
        };
        drop(Turn::of(&recorder));
        assert!(is_kept.await.is_err());
        assert_eq!(recorder.append(Class::Read, entry()).await, Ok(()));
        assert!(!recorder.waiting.lock().is_written);
    }
}
