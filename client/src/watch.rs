//! Watch: one stream per vault, kept alive, handed to the caller as events.
//!
//! Level-triggered: after every [`WatchEvent::Connected`] the caller subscribes anew, with a [`Sender`] that is good for that
//! connection alone, and learns from the answers what changed meanwhile. Nothing is queued across connections.

mod stream;

use std::time::Duration;

use strongroom_core::Delays;
use strongroom_wire::watch::{ClientMessage, client_message, server_message};
use tokio::{sync::mpsc, task::AbortHandle};

use crate::vault::VaultClient;

/// Something that happened on the stream.
#[derive(Debug)]
pub enum WatchEvent {
    /// The stream is open: subscribe, with this sender.
    Connected(Sender),
    /// The vault sent a message.
    Message(server_message::Message),
    /// The stream is gone; it is opened again after a delay.
    Disconnected(Disconnected),
}

/// Why the stream is gone.
#[derive(Debug, Clone)]
pub struct Disconnected {
    /// The gRPC status; `UNAVAILABLE` when the vault is draining or cannot be reached.
    pub code: tonic::Code,
    /// A sentence, without values.
    pub reason: String,
    /// Whether the stream had been open before.
    pub was_connected: bool,
}

/// When a lost stream is opened again, unless the caller decides otherwise.
pub const RECONNECT: Delays = Delays {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(2),
};

/// The stream is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// This connection has ended; the next [`WatchEvent::Connected`] brings a new sender.
    #[error("the stream is closed")]
    Closed,
}

/// Sends on one connection. Weak: the connection's end ends every sender, also where the vault ended only its half.
#[derive(Debug, Clone)]
pub struct Sender(mpsc::WeakSender<ClientMessage>);

impl Sender {
    /// Sends `message`; waits while the vault takes nothing in.
    pub async fn send(&self, message: client_message::Message) -> Result<(), SendError> {
        let sender = self.0.upgrade().ok_or(SendError::Closed)?;
        let message = ClientMessage {
            message: Some(message),
        };
        sender.send(message).await.map_err(|_| SendError::Closed)
    }
}

/// A watched vault. Dropping it closes the stream.
#[derive(Debug)]
pub struct Watch {
    events: mpsc::Receiver<WatchEvent>,
    task: AbortHandle,
}

impl Watch {
    /// Opens the stream on the connection of `vault`, and opens it again whenever it is lost: after `reconnect`, where the
    /// loss of a stream that was open is the first failure, and half of each delay is random. Runs a task on the current
    /// tokio runtime.
    pub fn start(vault: &VaultClient, reconnect: Delays) -> Self {
        let (sender, events) = mpsc::channel(16);
        let task = tokio::spawn(stream::run(vault.transport().clone(), reconnect, sender)).abort_handle();
        Self { events, task }
    }

    /// The next event. `None` only when the runtime shuts down. Cancel-safe.
    pub async fn next(&mut self) -> Option<WatchEvent> {
        self.events.recv().await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
