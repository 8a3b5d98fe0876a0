//! A node's end of a Watch stream, in this process: what lies between is the service itself, without a connection.

use std::{net::IpAddr, sync::Arc, time::Duration};

use strongroom_core::{ObjectKind, ObjectPath, ObjectState, Version};
use strongroom_serving::accept::Peer;
use strongroom_vault::watch::Watch;
use strongroom_wire::watch::{
    Ack, ClientMessage, Contents, Fetch, NamedState, ObjectName, RefName, Renew, Revoked, Subscribe,
    Unsubscribe, client_message::Message as Asked, revoked::Reason, server_message::Message as FromVault,
    watch_client::WatchClient,
};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};
use tower::ServiceBuilder;

/// How long anything may take that should happen at once.
const AT_ONCE: Duration = Duration::from_secs(5);
/// How long nothing must happen for us to believe that it does not.
const QUIET: Duration = Duration::from_millis(150);

/// An open stream.
pub struct Node {
    asks: mpsc::Sender<ClientMessage>,
    messages: Streaming<strongroom_wire::watch::ServerMessage>,
}

impl Node {
    pub async fn connect(watch: &Watch) -> Self {
        Self::from(watch, [10, 0, 0, 1]).await.unwrap()
    }

    pub async fn from(watch: &Watch, source: [u8; 4]) -> Result<Self, Status> {
        let peer = Peer {
            address: (IpAddr::from(source), 4711).into(),
            tls: None,
            certificates: Arc::new([]),
        };
        let service = ServiceBuilder::new()
            .map_request(move |mut request: http::Request<tonic::body::Body>| {
                request.extensions_mut().insert(peer.clone());
                request
            })
            .service(watch.service());
        let (asks, asked) = mpsc::channel(64);
        let messages = WatchClient::new(service)
            .watch(ReceiverStream::new(asked))
            .await?
            .into_inner();
        Ok(Self { asks, messages })
    }

    pub async fn ask(&self, message: Asked) {
        self.asks
            .send(ClientMessage {
                message: Some(message),
            })
            .await
            .unwrap();
    }

    pub async fn subscribe(&self, id: &str, token: &str, objects: &[&str]) {
        self.ask(Asked::Subscribe(subscription(id, token, objects))).await;
    }

    pub async fn renew(&self, id: &str, token: &str) {
        self.ask(Asked::Renew(Renew {
            id: id.to_owned(),
            token: token.to_owned(),
        }))
        .await;
    }

    pub async fn unsubscribe(&self, id: &str) {
        self.ask(Asked::Unsubscribe(Unsubscribe { id: id.to_owned() }))
            .await;
    }

    pub async fn fetch(&self, id: &str, names: &[&str]) {
        self.fetch_both(id, names, &[]).await;
    }

    /// Asks for the contents of secrets and of keys.
    pub async fn fetch_both(&self, id: &str, secrets: &[&str], keys: &[&str]) {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        self.ask(Asked::Fetch(Fetch {
            id: id.to_owned(),
            names: owned(secrets),
            keys: owned(keys),
        }))
        .await;
    }

    pub async fn acknowledge(&self, id: &str, objects: Vec<NamedState>, error: &str) {
        let (secrets, keys): (Vec<_>, Vec<_>) = objects
            .into_iter()
            .partition(|object| object.object().unwrap().kind == ObjectKind::Secrets);
        self.ask(Asked::Ack(Ack {
            id: id.to_owned(),
            objects: secrets.into_iter().map(held).collect(),
            error: error.to_owned(),
            keys: keys.into_iter().map(held).collect(),
        }))
        .await;
    }

    /// The next message, or how the stream ended.
    pub async fn next_message(&mut self) -> Result<FromVault, Status> {
        let message = timeout(AT_ONCE, self.messages.message())
            .await
            .expect("a message in time");
        Ok(message?.expect("a status at the end").message.unwrap())
    }

    pub async fn subscribed(&mut self) -> (String, Vec<NamedState>) {
        match self.next_message().await {
            Ok(FromVault::Subscribed(message)) => (message.id, message.objects),
            other => panic!("not Subscribed: {other:?}"),
        }
    }

    pub async fn changed(&mut self) -> (String, Vec<NamedState>) {
        match self.next_message().await {
            Ok(FromVault::Changed(message)) => (message.id, message.objects),
            other => panic!("not Changed: {other:?}"),
        }
    }

    pub async fn contents(&mut self) -> Contents {
        match self.next_message().await {
            Ok(FromVault::Contents(message)) => message,
            other => panic!("not Contents: {other:?}"),
        }
    }

    pub async fn revoked(&mut self) -> (Reason, Revoked) {
        match self.next_message().await {
            Ok(FromVault::Revoked(message)) => (message.reason(), message),
            other => panic!("not Revoked: {other:?}"),
        }
    }

    /// The code that the stream ends with, after the messages that are still sent.
    pub async fn end(&mut self) -> Code {
        loop {
            if let Err(status) = self.next_message().await {
                return status.code();
            }
        }
    }

    /// No message comes.
    pub async fn is_quiet(&mut self) -> bool {
        timeout(QUIET, self.messages.message()).await.is_err()
    }
}

/// A subscription to the current versions of `objects`, for the SecretRef `db` in the API account's namespace.
pub fn subscription(id: &str, token: &str, objects: &[&str]) -> Subscribe {
    Subscribe {
        id: id.to_owned(),
        token: token.to_owned(),
        r#ref: Some(RefName {
            namespace: "shop".to_owned(),
            name: "db".to_owned(),
        }),
        objects: current(objects),
        keys: vec![],
    }
}

/// The current versions of these.
pub fn current(names: &[&str]) -> Vec<ObjectName> {
    let object = |name: &&str| ObjectName {
        name: (*name).to_owned(),
        version: String::new(),
    };
    names.iter().map(object).collect()
}

fn held(state: NamedState) -> ObjectName {
    ObjectName {
        name: state.name,
        version: state.version,
    }
}

/// The state of a secret of which this version can be read.
pub fn at(name: &str, version: Version) -> NamedState {
    state(name, ObjectState::Available(version))
}

/// The state of the secret `name`.
pub fn state(name: &str, state: ObjectState) -> NamedState {
    state_of(ObjectKind::Secrets, name, state)
}

/// The state of a key of which this version can be read.
pub fn key_at(name: &str, version: Version) -> NamedState {
    key_state(name, ObjectState::Available(version))
}

/// The state of the key `name`.
pub fn key_state(name: &str, state: ObjectState) -> NamedState {
    state_of(ObjectKind::Keys, name, state)
}

fn state_of(kind: ObjectKind, name: &str, state: ObjectState) -> NamedState {
    let name = name.parse().unwrap();
    NamedState::new(&ObjectPath { kind, name }, state)
}
