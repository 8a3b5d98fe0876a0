//! Watch: a node learns at once what changed, over one gRPC stream however many volumes it has mounted.
//!
//! ```text
//!   commit --names--> registry --marks--> mailbox --wakes--> stream: look again --> Changed
//!   policy change ----------------------------------------->         decide anew --> Changed, Revoked
//!   token expiry, renewal, fetch, acknowledgement --------->         subscription
//!                                   registry <--standing--'
//!                                      |
//!   admin: counts of volumes <---------+
//! ```
//!
//! Level-triggered: what is queued for a slow client is which of its subscriptions to look at, never events or values;
//! the vault reads what it sends when the client can read it. So no client delays the writer, and a client that reconnects learns by
//! subscribing what it missed.
//!
//! Invariants:
//! - a stream has no authority; each subscription is its own token's, ends with it, and its token is not kept;
//! - every object is decided by the policy in force when its state or content is sent;
//! - each content sent has its audit record first;
//! - streams, subscriptions, objects and messages are bounded, and a stream without a subscription ends.

use std::{
    fmt,
    sync::{Arc, Weak},
    time::Duration,
};

use futures::{StreamExt, future::ready, stream::BoxStream};
use strongroom_core::{NamedObject, SecretRefName};
use strongroom_serving::accept::{Peer, Source, Standing};
use strongroom_wire::{
    admin::Volumes,
    watch::{ClientMessage, ServerMessage, watch_server},
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tonic::{Request, Response, Status, Streaming, metadata::MetadataValue};

use crate::{
    access::{Access, Client},
    pool::Pool,
    service::Service,
};

mod admission;
mod limits;
mod mailbox;
mod ref_changes;
mod refusal;
mod registry;
mod request;
mod stream;
mod subscription;

pub use limits::Limits;

use admission::Admission;
use refusal::StreamEnd;
use registry::SubscriptionRegistry;
use stream::{Outbox, Stream};

/// How often the task that marks looks whether it is still needed.
const MARK: Duration = Duration::from_secs(5);

/// The subscriptions of a vault. Cheap to clone.
#[derive(Clone)]
pub struct Watch {
    core: Arc<Core>,
}

/// What every stream shares.
struct Core {
    access: Arc<Access>,
    service: Service,
    limits: Limits,
    registry: Arc<SubscriptionRegistry>,
    admission: Arc<Admission>,
    /// Contents that wait for their clients.
    waiting: Pool<Source>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("streams", &self.streams())
            .field("subscriptions", &self.subscriptions())
            .finish_non_exhaustive()
    }
}

impl Watch {
    /// The subscriptions to the objects of `service`, which `access` shows; it marks their changes from now on.
    pub fn new(access: Arc<Access>, service: &Service, limits: Limits) -> Self {
        let registry =
            SubscriptionRegistry::new(limits.subscriptions, service.metrics.watch_subscriptions.clone());
        let changed = Arc::clone(&registry);
        service.objects.on_change(Box::new(move |change| {
            changed.objects_changed(change.objects.iter().map(NamedObject::path));
        }));
        let admission = Admission::new(service.metrics.watch_streams.clone());
        tokio::spawn(mark(Arc::downgrade(&registry)));
        Self {
            core: Arc::new(Core {
                waiting: Pool::new(limits.waiting_bytes, limits.send_timeout),
                access,
                service: service.clone(),
                limits,
                registry,
                admission,
            }),
        }
    }

    /// The gRPC service, to be mounted on the data port.
    pub fn service(&self) -> watch_server::WatchServer<Self> {
        watch_server::WatchServer::new(self.clone()).max_decoding_message_size(self.core.limits.message_bytes)
    }

    /// Announces to the subscriptions made for `changed` that it changed.
    pub fn ref_changed(&self, changed: &SecretRefName) {
        self.core.registry.ref_changed(changed);
    }

    /// Counts the volumes by SecretRef.
    pub fn volumes(&self) -> Volumes {
        self.core.registry.volumes()
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.core.admission.len()
    }

    /// How many subscriptions there are.
    pub fn subscriptions(&self) -> usize {
        self.core.registry.len()
    }
}

/// Marks what follows changed objects, beside the writer, until Watch has gone.
async fn mark(registry: Weak<SubscriptionRegistry>) {
    while let Some(registry) = registry.upgrade() {
        // Now and then without a change, to see whether Watch has gone.
        if timeout(MARK, registry.changed()).await.is_ok() {
            registry.mark_changed();
        }
    }
}

#[tonic::async_trait]
impl watch_server::Watch for Watch {
    type WatchStream = BoxStream<'static, Result<ServerMessage, Status>>;

    async fn watch(
        &self,
        request: Request<Streaming<ClientMessage>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        if self.core.service.drain.has_begun() {
            return Err(StreamEnd::Draining.into());
        }
        let peer = request.extensions().get::<Peer>().cloned();
        let peer = peer.ok_or_else(|| Status::internal("the connection's peer is not known"))?;
        let ticket = self
            .core
            .admission
            .admit(peer.address.ip().into(), &self.core.limits)
            .map_err(|crowded| Status::resource_exhausted(crowded.to_string()))?
            .on(request.extensions().get::<Standing>().cloned());
        let agent = request.metadata().get("user-agent");
        let client = Client::new(&peer, agent.map(MetadataValue::as_encoded_bytes));
        let (out, sent) = mpsc::channel(stream::WAITING);
        let (end, ended) = oneshot::channel();
        let stream = Stream::new(Arc::clone(&self.core), out, client, ticket);
        tokio::spawn(async move {
            let reason = stream.run(request.into_inner()).await;
            tracing::debug!(%reason, "a watch stream ended");
            // A client that is gone needs no status.
            let _ = end.send(Status::from(reason));
        });
        // The status has a way of its own: a client that reads too slowly for the messages still gets it after them.
        let last = futures::stream::once(ended).filter_map(|status| ready(status.ok().map(Err)));
        Ok(Response::new(Outbox::new(sent).chain(last).boxed()))
    }
}
