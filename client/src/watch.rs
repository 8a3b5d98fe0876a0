//! Watch: one stream per vault, kept alive, handed to the caller as events.
//!
//! Level-triggered: after every [`WatchEvent::Connected`] the caller subscribes anew, with a [`Sender`] that is good for that
//! connection alone, and learns from the answers what changed meanwhile. Nothing is queued across connections.

mod stream;

use std::time::Duration;

use strongroom_core::{Delays, limits::VALUE_BYTES};
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

/// The names that one [`Fetch`](strongroom_wire::watch::Fetch) may ask for, so that its answer is no longer than a message
/// that is read.
pub const FETCH_AT_ONCE: usize = 4;

/// The longest message that is read: the contents of so many objects, or the states of all objects of a volume.
const MESSAGE_LIMIT: usize = FETCH_AT_ONCE * (VALUE_BYTES + (1 << 10));

/// A stream that was open for this long begins its delays anew when it is lost. A vault that ends every stream at once is
/// not asked ever more often.
const STEADY: Duration = Duration::from_secs(10);

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
    /// loss of a stream that was open for a while is the first failure, and half of each delay is random. Runs a task on the current
    /// tokio runtime.
    pub fn start(vault: &VaultClient, reconnect: Delays) -> Self {
        // One: what waits here is memory.
        let (sender, events) = mpsc::channel(1);
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
