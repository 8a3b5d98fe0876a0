//! The Watch stream of a hostile vault.

use std::{fmt, sync::Arc};

use axum::Router;
use futures::future::BoxFuture;
use strongroom_wire::watch::{
    ClientMessage, Contents, NamedState, ObjectState, ServerMessage, Subscribe, Subscribed, client_message,
    server_message,
    watch_server::{Watch, WatchServer},
};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

use super::data::VERSION;

/// One stream, from the vault's side. Dropped, the stream ends.
pub struct ScriptedStream {
    requests: Streaming<ClientMessage>,
    answers: mpsc::Sender<Result<ServerMessage, Status>>,
}

impl ScriptedStream {
    /// What the client says next; `None` when it is gone.
    pub async fn next(&mut self) -> Option<client_message::Message> {
        loop {
            match self.requests.next().await {
                Some(Ok(ClientMessage {
                    message: Some(message),
                })) => return Some(message),
                Some(Ok(ClientMessage { message: None })) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Waits for the first subscription.
    pub async fn subscribe(&mut self) -> Option<Subscribe> {
        loop {
            if let client_message::Message::Subscribe(subscribe) = self.next().await? {
                return Some(subscribe);
            }
        }
    }

    /// Says this. Answers whether the client may still hear it.
    pub async fn say(&self, message: server_message::Message) -> bool {
        let message = ServerMessage {
            message: Some(message),
        };
        self.answers.send(Ok(message)).await.is_ok()
    }

    /// Ends the stream with this status.
    pub async fn end(&self, status: Status) {
        drop(self.answers.send(Err(status)).await);
    }
}

impl fmt::Debug for ScriptedStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedStream").finish_non_exhaustive()
    }
}

/// Accepts a subscription, and says that every object of it has this version.
pub fn accepted(subscribe: &Subscribe, version: &str) -> server_message::Message {
    let state = |object: &strongroom_wire::watch::ObjectName| available(&object.name, version);
    server_message::Message::Subscribed(Subscribed {
        id: subscribe.id.clone(),
        objects: subscribe.objects.iter().map(state).collect(),
    })
}

/// Contents of one object, of this many bytes.
pub fn contents(id: &str, name: &str, bytes: usize) -> server_message::Message {
    server_message::Message::Contents(Contents {
        id: id.to_owned(),
        contents: vec![strongroom_wire::watch::Content {
            state: Some(available(name, VERSION)),
            value: vec![b'x'; bytes],
        }],
    })
}

/// That a read of `name` gives `version`.
pub fn available(name: &str, version: &str) -> NamedState {
    NamedState {
        name: name.to_owned(),
        version: version.to_owned(),
        state: ObjectState::Available.into(),
        ..NamedState::default()
    }
}

type Script = Arc<dyn Fn(ScriptedStream) -> BoxFuture<'static, ()> + Send + Sync>;

struct Scripted(Script);

#[tonic::async_trait]
impl Watch for Scripted {
    type WatchStream = ReceiverStream<Result<ServerMessage, Status>>;

    async fn watch(
        &self,
        request: Request<Streaming<ClientMessage>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let (answers, receiver) = mpsc::channel(4);
        tokio::spawn((self.0)(ScriptedStream {
            requests: request.into_inner(),
            answers,
        }));
        Ok(Response::new(ReceiverStream::new(receiver)))
    }
}

/// Serves each stream as `script` says.
pub fn router<F, S>(script: F) -> Router
where
    F: Fn(ScriptedStream) -> S + Send + Sync + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let script: Script = Arc::new(move |stream| Box::pin(script(stream)));
    tonic::service::Routes::new(WatchServer::new(Scripted(script))).into_axum_router()
}
