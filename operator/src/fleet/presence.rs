//! Noticing at once that a vault ended.

use std::time::Duration;

use strongroom_client::admin::AdminClient;
use tokio::{task::JoinHandle, time::sleep};

/// The least time between two questions: a vault that answers at once is asked no more often.
const PACE: Duration = Duration::from_secs(1);

/// What waits for the end of one vault.
#[derive(Debug, Default)]
pub struct Presence(Option<JoinHandle<()>>);

impl Presence {
    /// Runs `until_gone`, unless it runs already.
    pub fn attend(&mut self, until_gone: impl Future<Output = ()> + Send + 'static) {
        if self.0.as_ref().is_none_or(JoinHandle::is_finished) {
            self.0 = Some(tokio::spawn(until_gone));
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// Asks a vault whether it is there until it is not, which takes a second at least.
pub async fn until_gone(client: &AdminClient) {
    loop {
        let (answer, ()) = tokio::join!(client.presence(), sleep(PACE));
        if answer.is_err() {
            return;
        }
    }
}
