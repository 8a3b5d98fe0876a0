//! One vault's stream, shared by the volumes that are from it.

mod mailbox;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use strongroom_client::{
    vault::VaultClient,
    watch::{self, RECONNECT, Watch, WatchEvent},
};
use strongroom_core::{Backoff, Delays, VaultRef};
use strongroom_wire::watch::{Unsubscribe, client_message, server_message::Message};
use tokio::{
    sync::mpsc,
    task::AbortHandle,
    time::{Instant, sleep_until, timeout},
};

pub use mailbox::{Mailbox, Violation};

use crate::volume::VolumeId;

/// How long a vault may take nothing in.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// For how long a vault is left alone that kept its side of the stream so badly that the stream was ended here.
const PENALTY: Delays = Delays {
    first: Duration::from_secs(1),
    longest: Duration::from_mins(1),
};
/// A vault that kept its side for that long begins its penalties anew.
const FORGIVEN: Duration = Duration::from_mins(10);

/// What a stream brings to one volume.
#[derive(Debug)]
pub enum Signal {
    /// The stream to the vault is open.
    Connected(Sender),
    /// The stream to the vault is lost, for this reason.
    Disconnected(String),
    /// The vault sent a message about this volume.
    Message(Message),
}

/// The stream is closed.
#[derive(Debug)]
pub struct Closed;

/// Sends on one connection of the stream.
#[derive(Debug, Clone)]
pub struct Sender {
    stream: watch::Sender,
    /// Counts the connections of the link.
    connection: u64,
    commands: mpsc::UnboundedSender<Command>,
}

impl Sender {
    /// Sends `message`. Errors: the stream is closed, or the vault takes nothing in, and it is being closed.
    pub async fn send(&self, message: client_message::Message) -> Result<(), Closed> {
        let Ok(sent) = timeout(SEND_TIMEOUT, self.stream.send(message)).await else {
            self.give_up("the vault takes nothing in");
            return Err(Closed);
        };
        sent.map_err(|_| Closed)
    }

    /// Has the stream ended, since the vault does not keep its side of it, and opened again after a while.
    pub fn give_up(&self, reason: &'static str) {
        drop(self.commands.send(Command::GiveUp(self.connection, reason)));
    }
}

#[derive(Debug)]
enum Command {
    Attach(VolumeId, Arc<Mailbox>),
    Detach(VolumeId, Arc<Mailbox>),
    GiveUp(u64, &'static str),
}

/// One vault's stream. It is open while a volume is attached.
#[derive(Debug)]
pub struct Link {
    commands: mpsc::UnboundedSender<Command>,
    task: AbortHandle,
}

impl Link {
    /// Starts the task that serves the stream of the vault `name`.
    pub fn start(name: VaultRef, vault: VaultClient) -> Self {
        let (commands, receiver) = mpsc::unbounded_channel();
        let stream = Stream {
            name,
            vault,
            commands: commands.clone(),
            mailboxes: BTreeMap::new(),
            watch: None,
            sender: None,
            penalty: Penalty::default(),
            connections: 0,
        };
        let task = tokio::spawn(stream.run(receiver)).abort_handle();
        Self { commands, task }
    }

    /// Puts everything about `id` into `mailbox` from now on.
    pub fn attach(&self, id: VolumeId, mailbox: Arc<Mailbox>) {
        // The task ends with the link only.
        drop(self.commands.send(Command::Attach(id, mailbox)));
    }

    /// Ends that, and unsubscribes the volume, unless another mailbox took its place.
    pub fn detach(&self, id: VolumeId, mailbox: Arc<Mailbox>) {
        drop(self.commands.send(Command::Detach(id, mailbox)));
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Stream {
    name: VaultRef,
    vault: VaultClient,
    commands: mpsc::UnboundedSender<Command>,
    mailboxes: BTreeMap<VolumeId, Arc<Mailbox>>,
    watch: Option<Watch>,
    sender: Option<Sender>,
    penalty: Penalty,
    connections: u64,
}

/// Until when a vault is left alone.
#[derive(Debug)]
struct Penalty {
    backoff: Backoff,
    until: Option<Instant>,
    last: Option<Instant>,
}

impl Default for Penalty {
    fn default() -> Self {
        Self {
            backoff: Backoff::new(PENALTY),
            until: None,
            last: None,
        }
    }
}

impl Penalty {
    fn add(&mut self, now: Instant) {
        if self.last.is_some_and(|last| now - last >= FORGIVEN) {
            self.backoff.reset();
        }
        self.last = Some(now);
        self.until = Some(now + self.backoff.after_failure(fastrand::f64()));
    }

    async fn ends(&self) {
        match self.until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    }
}

impl Stream {
    async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.apply(command),
                    None => return,
                },
                event = next(&mut self.watch) => self.receive(event),
                () = self.penalty.ends() => {
                    self.penalty.until = None;
                    self.open();
                }
            }
        }
    }

    fn open(&mut self) {
        if self.watch.is_none() && self.penalty.until.is_none() && !self.mailboxes.is_empty() {
            self.watch = Some(Watch::start(&self.vault, RECONNECT));
        }
    }

    fn apply(&mut self, command: Command) {
        match command {
            Command::Attach(id, mailbox) => {
                if let Some(sender) = &self.sender {
                    mailbox.restart(Signal::Connected(sender.clone()));
                }
                self.mailboxes.insert(id, mailbox);
                self.open();
            }
            Command::Detach(id, mailbox) => {
                if !self
                    .mailboxes
                    .get(&id)
                    .is_some_and(|current| Arc::ptr_eq(current, &mailbox))
                {
                    return;
                }
                self.mailboxes.remove(&id);
                if self.mailboxes.is_empty() {
                    (self.watch, self.sender) = (None, None);
                } else if let Some(sender) = self.sender.clone() {
                    tokio::spawn(unsubscribe(sender, id));
                }
            }
            Command::GiveUp(connection, reason) => {
                let is_current = |current: &Sender| current.connection == connection;
                if self.sender.as_ref().is_some_and(is_current) {
                    self.end(reason);
                }
            }
        }
    }

    fn receive(&mut self, event: Option<WatchEvent>) {
        match event {
            Some(WatchEvent::Connected(stream)) => {
                self.connections = self.connections.wrapping_add(1);
                let sender = Sender {
                    stream,
                    connection: self.connections,
                    commands: self.commands.clone(),
                };
                for mailbox in self.mailboxes.values() {
                    mailbox.restart(Signal::Connected(sender.clone()));
                }
                self.sender = Some(sender);
            }
            Some(WatchEvent::Message(message)) => {
                if let Err(violation) = self.hand_over(message) {
                    self.end(&violation.to_string());
                }
            }
            Some(WatchEvent::Disconnected(lost)) => self.report_lost(&lost.reason),
            None => self.watch = None,
        }
    }

    /// Hands a message to the volume it names, and to no other.
    fn hand_over(&self, message: Message) -> Result<(), Violation> {
        let id = match &message {
            Message::Subscribed(m) => &m.id,
            Message::Changed(m) => &m.id,
            Message::RefChanged(m) => &m.id,
            Message::Contents(m) => &m.id,
            Message::Revoked(m) => &m.id,
        };
        let Ok(id) = id.parse::<VolumeId>() else {
            return Ok(());
        };
        match self.mailboxes.get(&id) {
            Some(mailbox) => mailbox.put(message),
            None => Ok(()),
        }
    }

    /// Ends the stream of a vault that does not keep its side of it.
    fn end(&mut self, reason: &str) {
        tracing::warn!(vault = %self.name, reason, "ending the stream");
        self.watch = None;
        self.penalty.add(Instant::now());
        self.report_lost(reason);
    }

    fn report_lost(&mut self, reason: &str) {
        self.sender = None;
        for mailbox in self.mailboxes.values() {
            mailbox.restart(Signal::Disconnected(reason.to_owned()));
        }
    }
}

async fn next(watch: &mut Option<Watch>) -> Option<WatchEvent> {
    match watch {
        Some(watch) => watch.next().await,
        None => std::future::pending().await,
    }
}

async fn unsubscribe(sender: Sender, id: VolumeId) {
    let message = client_message::Message::Unsubscribe(Unsubscribe { id: id.into() });
    drop(sender.send(message).await);
}
