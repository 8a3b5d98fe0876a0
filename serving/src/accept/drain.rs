//! The end of serving: no new connection, and time for those that are open.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long requests in flight may take to finish.
const GRACE: Duration = Duration::from_secs(10);

/// The signal to stop serving, and the tasks that still serve. Clones are the same drain.
#[derive(Debug, Clone, Default)]
pub struct Drain {
    token: CancellationToken,
    tasks: TaskTracker,
}

impl Drain {
    /// Makes every listener stop accepting and every connection finish.
    pub fn begin(&self) {
        self.token.cancel();
        self.tasks.close();
    }

    /// Whether the drain has begun.
    pub fn has_begun(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until the drain begins. A stream that never ends by itself ends by this.
    pub async fn begun(&self) {
        self.token.cancelled().await;
    }

    /// Runs `task`; [`finished`](Self::finished) waits for it as for a connection.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Waits until every connection has finished, at most ten seconds; true when all have.
    pub async fn finished(&self) -> bool {
        self.finished_within(GRACE).await
    }

    /// The same, at most `time`.
    pub async fn finished_within(&self, time: Duration) -> bool {
        timeout(time, self.tasks.wait()).await.is_ok()
    }
}
