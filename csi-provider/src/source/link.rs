//! One vault's stream, shared by the volumes that are from it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use strongroom_client::{
    vault::VaultClient,
    watch::{RECONNECT, Sender, Watch, WatchEvent},
};
use strongroom_wire::watch::{Unsubscribe, client_message, server_message::Message};
use tokio::{sync::mpsc, task::AbortHandle, time::timeout};

use crate::{pod::PodToken, volume::VolumeId};

/// Signals that may wait for one volume.
pub const WAITING: usize = 64;

/// An event for a volume's task.
#[derive(Debug)]
pub enum Signal {
    /// The stream to the vault is open.
    Connected(Sender),
    /// The stream to the vault is lost, for this reason.
    Disconnected(String),
    /// The vault sent a message about this volume.
    Message(Box<Message>),
    /// The kubelet called with a newer token.
    Token(PodToken),
    /// The kubelet called with the same token: a moment to take up what was given up.
    KubeletCalled,
    /// The trust bundle changed.
    BundleChanged,
}

impl Signal {
    /// Whether it comes from a stream, rather than from this node.
    pub const fn is_of_stream(&self) -> bool {
        match self {
            Self::Connected(_) | Self::Disconnected(_) | Self::Message(_) => true,
            Self::Token(_) | Self::KubeletCalled | Self::BundleChanged => false,
        }
    }
}

/// The way to a volume's task.
#[derive(Debug, Clone)]
pub struct Route {
    signals: mpsc::Sender<(u64, Signal)>,
    lagged: Arc<AtomicBool>,
    attachment: u64,
}

impl Route {
    /// A route and where it ends.
    pub fn new() -> (Self, mpsc::Receiver<(u64, Signal)>, Arc<AtomicBool>) {
        let (signals, receiver) = mpsc::channel(WAITING);
        let lagged = Arc::new(AtomicBool::new(false));
        (
            Self {
                signals,
                lagged: Arc::clone(&lagged),
                attachment: 0,
            },
            receiver,
            lagged,
        )
    }

    /// The same way, for what a stream says from this attachment on: the number distinguishes what the
    /// volume's vault before had still under way.
    #[must_use]
    pub fn attached(&self, attachment: u64) -> Self {
        Self {
            attachment,
            ..self.clone()
        }
    }

    /// Hands a signal over without waiting: one slow volume must not hold up the others. Answers whether it got
    /// through; what is lost is made up for by attaching anew.
    pub fn signal(&self, signal: Signal) -> bool {
        let taken = self.signals.try_send((self.attachment, signal)).is_ok();
        if !taken {
            self.lagged.store(true, Ordering::Relaxed);
        }
        taken
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.lagged, &other.lagged)
    }
}

enum Command {
    Attach(VolumeId, Route),
    Detach(VolumeId, Route),
}

/// One vault's stream. It is open while a volume is attached.
#[derive(Debug)]
pub struct Link {
    commands: mpsc::UnboundedSender<Command>,
    task: AbortHandle,
}

impl Link {
    /// Starts the task that serves `vault`'s stream.
    pub fn start(vault: VaultClient) -> Self {
        let (commands, receiver) = mpsc::unbounded_channel();
        let task = tokio::spawn(run(vault, receiver)).abort_handle();
        Self { commands, task }
    }

    /// Hands everything about `id` to `route` from now on.
    pub fn attach(&self, id: VolumeId, route: Route) {
        // The task ends with the link only.
        drop(self.commands.send(Command::Attach(id, route)));
    }

    /// Ends that, and unsubscribes the volume, unless another route took its place.
    pub fn detach(&self, id: VolumeId, route: Route) {
        drop(self.commands.send(Command::Detach(id, route)));
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Default)]
struct Stream {
    routes: BTreeMap<VolumeId, Route>,
    watch: Option<Watch>,
    sender: Option<Sender>,
}

async fn run(vault: VaultClient, mut commands: mpsc::UnboundedReceiver<Command>) {
    let mut stream = Stream::default();
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) => stream.apply(command, &vault),
                None => return,
            },
            event = next(&mut stream.watch) => stream.receive(event),
        }
    }
}

async fn next(watch: &mut Option<Watch>) -> Option<WatchEvent> {
    match watch {
        Some(watch) => watch.next().await,
        None => std::future::pending().await,
    }
}

impl Stream {
    fn apply(&mut self, command: Command, vault: &VaultClient) {
        match command {
            Command::Attach(id, route) => {
                if let Some(sender) = &self.sender {
                    route.signal(Signal::Connected(sender.clone()));
                }
                self.routes.insert(id, route);
                if self.watch.is_none() {
                    self.watch = Some(Watch::start(vault, RECONNECT));
                }
            }
            Command::Detach(id, route) => {
                if !self.routes.get(&id).is_some_and(|current| current.is(&route)) {
                    return;
                }
                self.routes.remove(&id);
                if self.routes.is_empty() {
                    (self.watch, self.sender) = (None, None);
                } else if let Some(sender) = self.sender.clone() {
                    tokio::spawn(unsubscribe(sender, id));
                }
            }
        }
    }

    fn receive(&mut self, event: Option<WatchEvent>) {
        match event {
            Some(WatchEvent::Connected(sender)) => {
                for route in self.routes.values() {
                    route.signal(Signal::Connected(sender.clone()));
                }
                self.sender = Some(sender);
            }
            Some(WatchEvent::Message(message)) => self.route(message),
            Some(WatchEvent::Disconnected(lost)) => {
                self.sender = None;
                for route in self.routes.values() {
                    route.signal(Signal::Disconnected(lost.reason.clone()));
                }
            }
            None => self.watch = None,
        }
    }

    /// Hands a message to the volume it names, and to no other.
    fn route(&self, message: Message) {
        let id = match &message {
            Message::Subscribed(m) => &m.id,
            Message::Changed(m) => &m.id,
            Message::RefChanged(m) => &m.id,
            Message::Contents(m) => &m.id,
            Message::Revoked(m) => &m.id,
        };
        let Ok(id) = id.parse::<VolumeId>() else { return };
        if let Some(route) = self.routes.get(&id) {
            route.signal(Signal::Message(Box::new(message)));
        }
    }
}

async fn unsubscribe(sender: Sender, id: VolumeId) {
    let message = client_message::Message::Unsubscribe(Unsubscribe { id: id.into() });
    // A stream that takes nothing in for that long is about to be lost, and its subscriptions with it.
    drop(timeout(Duration::from_secs(5), sender.send(message)).await);
}
