//! A volume's hold on its vault's stream.

use std::sync::Arc;

use strongroom_client::watch::Sender;
use strongroom_wire::watch::client_message;

use crate::{
    source::{
        link::{Route, Signal},
        vaults::Vault,
    },
    volume::VolumeId,
};

/// A volume's hold on one vault's stream at a time, or on none. Dropped, it lets go of the stream, which ends the volume's
/// subscription there.
pub struct Attachment {
    id: VolumeId,
    route: Route,
    /// Counts the streams that this volume listened to.
    number: u64,
    vault: Option<Arc<Vault>>,
    /// Where the stream is open.
    sender: Option<Sender>,
}

/// The stream is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

impl Attachment {
    /// No hold yet; what streams say of `id` will come by `route`.
    pub const fn new(id: VolumeId, route: Route) -> Self {
        Self {
            id,
            route,
            number: 0,
            vault: None,
            sender: None,
        }
    }

    /// Listens to the stream of `vault`.
    pub fn attach(&mut self, vault: Arc<Vault>) {
        self.number = self.number.wrapping_add(1);
        let route = self.route.attached(self.number);
        vault.link.attach(self.id.clone(), route);
        self.vault = Some(vault);
    }

    /// Listens to no stream any more.
    pub fn detach(&mut self) {
        if let Some(vault) = self.vault.take() {
            vault.link.detach(self.id.clone(), self.route.clone());
        }
        self.sender = None;
    }

    /// Whether `signal`, sent to the attachment numbered `to`, concerns the volume: what a stream said that it no longer
    /// listens to does not.
    pub const fn concerns(&self, to: u64, signal: &Signal) -> bool {
        to == self.number || !signal.is_of_stream()
    }

    /// The stream is open: messages are sent by `sender`.
    pub fn connected(&mut self, sender: Sender) {
        self.sender = Some(sender);
    }

    /// The stream is lost.
    pub fn disconnected(&mut self) {
        self.sender = None;
    }

    /// Sends on the stream, if it is open as far as the volume knows. Errors: [`Closed`], once; where the volume knows that
    /// it is closed, the link is about to say so, and nothing happens.
    pub async fn send(&mut self, message: client_message::Message) -> Result<(), Closed> {
        let Some(sender) = &self.sender else {
            return Ok(());
        };
        if sender.send(message).await.is_err() {
            self.sender = None;
            return Err(Closed);
        }
        Ok(())
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.detach();
    }
}
