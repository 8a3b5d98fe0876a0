//! What this node has to say to one volume. Of each kind the latest says all.

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::state::Event;
use crate::pod::PodToken;

/// The way to a volume's task.
#[derive(Debug, Default)]
pub struct Notices {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    bundle_changed: bool,
    token: Option<PodToken>,
    kubelet_called: bool,
}

impl Notices {
    /// The kubelet called with a newer token.
    pub fn bring_token(&self, token: PodToken) {
        self.add(|waiting| waiting.token = Some(token));
    }

    /// The kubelet called with the same token: a moment to take up what was given up.
    pub fn say_kubelet_called(&self) {
        self.add(|waiting| waiting.kubelet_called = true);
    }

    /// The trust bundle changed.
    pub fn say_bundle_changed(&self) {
        self.add(|waiting| waiting.bundle_changed = true);
    }

    fn add(&self, what: impl FnOnce(&mut Waiting)) {
        what(&mut self.waiting.lock());
        self.arrived.notify_one();
    }

    /// The next event. Cancel-safe.
    pub async fn next(&self) -> Event {
        loop {
            if let Some(event) = self.waiting.lock().take() {
                return event;
            }
            self.arrived.notified().await;
        }
    }
}

impl Waiting {
    fn take(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.bundle_changed) {
            Some(Event::BundleChanged)
        } else if let Some(token) = self.token.take() {
            // A call with a newer token is a call.
            self.kubelet_called = false;
            Some(Event::PodToken(token))
        } else if std::mem::take(&mut self.kubelet_called) {
            Some(Event::KubeletCalled)
        } else {
            None
        }
    }
}
