//! One stream: a task that owns the node's subscriptions, and sends their states when the client can read them.

use std::{
    collections::{BTreeMap, HashMap},
    pin::Pin,
    sync::Arc,
    task::{self, Poll, ready},
};

use futures::{Stream as MessageStream, StreamExt};
use strongroom_audit::RequestPath;
use strongroom_serving::accept::Source;
use strongroom_wire::watch::{Ack, ClientMessage, ServerMessage, client_message, server_message::Message};
use tokio::{
    sync::mpsc::{self, OwnedPermit},
    time::{Instant, sleep_until, timeout},
};
use tonic::Status;

use super::{
    Core,
    admission::Ticket,
    mailbox::{Key, Mailbox},
    refusal::{StreamEnd, SubscriptionRefusal},
    request::{Invalid, SubscriptionId},
    subscription::Subscription,
};
use crate::{
    access::{Caller, Client, Failure, caller::new_correlation_id},
    auth::Authenticated,
    pool::Share,
};

mod changes;
mod fetch;
mod subscribe;

/// The path that every request of a stream has.
const PATH: &str = "/strongroom.v1.Watch/Watch";

/// Messages that wait for the transport. What is sent is decided when there is room for it, so few may be waiting.
pub(super) const WAITING: usize = 4;

/// What goes to the client.
pub(super) struct Sent {
    message: ServerMessage,
    /// Room for contents, given back when the transport has taken them.
    room: Option<Share<Source>>,
}

/// The task's own state.
pub(super) struct Stream {
    core: Arc<Core>,
    out: mpsc::Sender<Sent>,
    client: Client,
    ticket: Ticket,
    mailbox: Arc<Mailbox>,
    subscriptions: BTreeMap<SubscriptionId, Subscription>,
    ids: HashMap<Key, SubscriptionId>,
    /// Until when a subscription must be made; none while there is one.
    proof_until: Option<Instant>,
    /// Tokens refused since the last one that was not.
    refused: usize,
}

/// What the client sent, or what changed.
enum Turn {
    Message(Option<Result<ClientMessage, Status>>),
    Marked,
}

impl Stream {
    pub(super) fn new(core: Arc<Core>, out: mpsc::Sender<Sent>, client: Client, ticket: Ticket) -> Self {
        Self {
            proof_until: Some(Instant::now() + core.limits.proof_timeout),
            core,
            out,
            client,
            ticket,
            mailbox: Arc::default(),
            subscriptions: BTreeMap::new(),
            ids: HashMap::new(),
            refused: 0,
        }
    }

    /// Serves the client until one of the two ends it.
    pub(super) async fn run(
        mut self,
        mut messages: impl MessageStream<Item = Result<ClientMessage, Status>> + Unpin,
    ) -> StreamEnd {
        let core = Arc::clone(&self.core);
        let mailbox = Arc::clone(&self.mailbox);
        let out = self.out.clone();
        let mut changes = core.service.policy.changes();
        loop {
            let deadline = self.deadline();
            let turn = async {
                tokio::select! {
                    () = mailbox.marked() => Turn::Marked,
                    message = messages.next() => Turn::Message(message),
                }
            };
            let done = tokio::select! {
                biased;
                () = core.service.drain.begun() => Err(StreamEnd::Draining),
                () = out.closed() => Err(StreamEnd::Gone),
                () = changes.changed() => self.decide_again().await,
                () = at(deadline, |at| core.service.clock.sleep_until(at)) => self.expire().await,
                () = at(self.proof_until, sleep_until) => Err(StreamEnd::Unproven),
                turn = turn => match turn {
                    Turn::Marked => self.send_marked().await,
                    Turn::Message(Some(Ok(message))) => self.handle(message).await,
                    Turn::Message(Some(Err(_)) | None) => Err(StreamEnd::Gone),
                },
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// Does what the client asks. A message on a subscription that has ended gets no answer: the client has, or gets,
    /// the message that ended it, and could take another for one on the successor.
    async fn handle(&mut self, message: ClientMessage) -> Result<(), StreamEnd> {
        match message.message {
            Some(client_message::Message::Subscribe(subscribe)) => self.subscribe(subscribe).await,
            Some(client_message::Message::Renew(renew)) => self.renew(renew).await,
            Some(client_message::Message::Fetch(fetch)) => self.fetch(fetch).await,
            Some(client_message::Message::Ack(ack)) => self.acknowledge(&ack).await,
            Some(client_message::Message::Unsubscribe(unsubscribe)) => {
                if let Ok(id) = SubscriptionId::parse(unsubscribe.id) {
                    self.forget(&id);
                }
                Ok(())
            }
            None => Err(StreamEnd::UnknownMessage),
        }
    }

    /// When a token expires next, or policy closes, in seconds since 1970.
    fn deadline(&self) -> Option<i64> {
        let expiry = self
            .subscriptions
            .values()
            .map(|subscription| subscription.expires)
            .min()?;
        Some(
            self.core
                .service
                .policy
                .closes_at()
                .map_or(expiry, |closes| closes.min(expiry)),
        )
    }

    /// Ends the subscriptions whose token has expired, and the stream once policy has closed.
    async fn expire(&mut self) -> Result<(), StreamEnd> {
        self.core.service.policy.in_force().map_err(Failure::from)?;
        let now = self.core.service.clock.now();
        let expired = self
            .subscriptions
            .iter()
            .filter(|(_, subscription)| subscription.expires <= now);
        let expired: Vec<_> = expired.map(|(id, _)| id.clone()).collect();
        for id in expired {
            self.revoke(id, SubscriptionRefusal::Expired).await?;
        }
        Ok(())
    }

    async fn acknowledge(&mut self, ack: &Ack) -> Result<(), StreamEnd> {
        let Ok(id) = SubscriptionId::parse(ack.id.clone()) else {
            return Ok(());
        };
        let limit = self.core.limits.objects;
        match self.subscriptions.get_mut(&id) {
            Some(_) if ack.objects.len().saturating_add(ack.keys.len()) > limit => {
                self.revoke(id, SubscriptionRefusal::Objects(limit)).await
            }
            Some(subscription) => {
                subscription.acknowledge(ack);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Ends a subscription, there or not, and says why.
    async fn revoke(&mut self, id: SubscriptionId, refusal: SubscriptionRefusal) -> Result<(), StreamEnd> {
        // Gone before anything waits for the client.
        self.forget(&id);
        let slot = self.slot().await?;
        self.revoke_in(slot, &id, refusal)
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "it ends the functions that can fail before it"
    )]
    fn revoke_in(
        &mut self,
        slot: Slot,
        id: &SubscriptionId,
        refusal: SubscriptionRefusal,
    ) -> Result<(), StreamEnd> {
        self.forget(id);
        slot.send(Message::Revoked(refusal.revoked(id.to_string())));
        Ok(())
    }

    /// One request on this stream, of `holder`, which arrived at `began`.
    fn caller(&self, holder: &Authenticated, began: std::time::Instant) -> Caller {
        self.client.clone().into_caller(
            Arc::clone(&holder.principal),
            new_correlation_id(),
            RequestPath::new(PATH),
            began,
        )
    }

    /// Answers a message that names no subscription there could be.
    async fn refuse_unnamed(&self) -> Result<(), StreamEnd> {
        let revoked = SubscriptionRefusal::Invalid(Invalid::Id).revoked(String::new());
        self.slot().await?.send(Message::Revoked(revoked));
        Ok(())
    }

    fn forget(&mut self, id: &SubscriptionId) {
        if let Some(subscription) = self.subscriptions.remove(id) {
            self.ids.remove(&subscription.registration.key());
            if self.subscriptions.is_empty() {
                self.proof_until = Some(Instant::now() + self.core.limits.proof_timeout);
            }
        }
    }

    /// Waits until the client can read another message.
    async fn slot(&self) -> Result<Slot, StreamEnd> {
        let free = timeout(self.core.limits.send_timeout, self.out.clone().reserve_owned());
        tokio::select! {
            biased;
            () = self.core.service.drain.begun() => Err(StreamEnd::Draining),
            free = free => match free {
                Ok(Ok(permit)) => Ok(Slot(permit)),
                Ok(Err(_)) => Err(StreamEnd::Gone),
                Err(_) => Err(StreamEnd::Slow),
            },
        }
    }
}

/// Room for one message.
struct Slot(OwnedPermit<Sent>);

impl Slot {
    fn send(self, message: Message) {
        self.send_in(message, None);
    }

    /// Sends contents, which have `room`.
    fn send_in(self, message: Message, room: Option<Share<Source>>) {
        self.0.send(Sent {
            message: ServerMessage {
                message: Some(message),
            },
            room,
        });
    }
}

/// The messages as the transport takes them. It asks for one when it has sent the one before, and only then the room of
/// that is given back.
pub(super) struct Outbox {
    sent: mpsc::Receiver<Sent>,
    taken: Option<Share<Source>>,
}

impl Outbox {
    pub(super) const fn new(sent: mpsc::Receiver<Sent>) -> Self {
        Self { sent, taken: None }
    }
}

impl MessageStream for Outbox {
    type Item = Result<ServerMessage, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Option<Self::Item>> {
        self.taken = None;
        let sent = ready!(self.sent.poll_recv(context));
        Poll::Ready(sent.map(|Sent { message, room }| {
            self.taken = room;
            Ok(message)
        }))
    }
}

/// Waits by `sleep` for a time that may not be set.
async fn at<T, F: Future<Output = ()>>(time: Option<T>, sleep: impl FnOnce(T) -> F) {
    match time {
        Some(time) => sleep(time).await,
        None => std::future::pending().await,
    }
}
