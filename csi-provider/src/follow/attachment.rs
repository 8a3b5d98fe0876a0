//! A volume's hold on its vault's stream.

use std::sync::Arc;

use strongroom_core::VaultRef;
use strongroom_wire::watch::client_message;

use crate::{
    source::{
        link::{Closed, Mailbox, Sender, Signal},
        vaults::Vault,
    },
    volume::VolumeId,
};

/// A volume's hold on one vault's stream at a time, or on none. Dropped, it lets go of the stream, which ends the volume's
/// subscription there.
pub struct Attachment {
    id: VolumeId,
    held: Option<Held>,
}

struct Held {
    name: VaultRef,
    vault: Arc<Vault>,
    /// Of this hold alone: what the stream of before had still under way does not come here.
    mailbox: Arc<Mailbox>,
    /// Where the stream is open.
    sender: Option<Sender>,
}

impl Attachment {
    /// No hold yet of the volume `id`.
    pub const fn new(id: VolumeId) -> Self {
        Self { id, held: None }
    }

    /// Listens to the stream of `vault`, which is called `name`.
    pub fn attach(&mut self, name: VaultRef, vault: Arc<Vault>) {
        let mailbox = Arc::<Mailbox>::default();
        vault.link.attach(self.id.clone(), Arc::clone(&mailbox));
        self.held = Some(Held {
            name,
            vault,
            mailbox,
            sender: None,
        });
    }

    /// What the stream has next for the volume. Cancel-safe.
    pub async fn next(&self) -> Signal {
        match &self.held {
            Some(held) => held.mailbox.next().await,
            None => std::future::pending().await,
        }
    }

    /// The vault whose stream it listens to.
    pub fn vault(&self) -> Option<&VaultRef> {
        self.held.as_ref().map(|held| &held.name)
    }

    /// Listens to no stream any more.
    pub fn detach(&mut self) {
        if let Some(held) = self.held.take() {
            held.vault.link.detach(self.id.clone(), held.mailbox);
        }
    }

    /// The stream is open: messages are sent by `sender`.
    pub fn connected(&mut self, sender: Sender) {
        if let Some(held) = &mut self.held {
            held.sender = Some(sender);
        }
    }

    /// The stream is lost.
    pub fn disconnected(&mut self) {
        if let Some(held) = &mut self.held {
            held.sender = None;
        }
    }

    /// Has the stream ended, for this failing of the vault.
    pub fn give_up(&mut self, reason: &'static str) {
        if let Some(sender) = self.held.as_mut().and_then(|held| held.sender.take()) {
            sender.give_up(reason);
        }
    }

    /// Sends on the stream, if it is open as far as the volume knows. Errors: [`Closed`], once; where the volume knows that
    /// it is closed, the link is about to say so, and nothing happens.
    pub async fn send(&mut self, message: client_message::Message) -> Result<(), Closed> {
        let Some(held) = &mut self.held else { return Ok(()) };
        let Some(sender) = &held.sender else { return Ok(()) };
        if let client_message::Message::Fetch(fetch) = &message {
            held.mailbox.expect(fetch);
        }
        let sent = sender.send(message).await;
        if sent.is_err() {
            held.sender = None;
        }
        sent
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.detach();
    }
}
