//! The task behind a [`super::Watch`].

use http::uri::PathAndQuery;
use strongroom_core::{
    backoff::{Delays, spread_below},
    causes,
};
use strongroom_wire::watch::{ClientMessage, ServerMessage, watch_client::WatchClient};
use tokio::{sync::mpsc, time::Instant};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use super::{Disconnected, MESSAGE_LIMIT, STEADY, Sender, WatchEvent};
use crate::transport::{Transport, TransportError, one_line};

/// Messages that may wait on one connection before [`Sender::send`] does.
const WAITING: usize = 32;

/// Opens the stream for ever; ends when nobody takes events any more.
pub(super) async fn run(transport: Transport, reconnect: Delays, events: mpsc::Sender<WatchEvent>) {
    let mut failures = 0;
    loop {
        let (status, was_connected) = match open(&transport).await {
            Ok((sender, stream)) => {
                let opened = Instant::now();
                let Some(status) = forward(sender, stream, &events).await else {
                    return;
                };
                if opened.elapsed() >= STEADY {
                    failures = 0;
                }
                (status, true)
            }
            Err(status) => (status, false),
        };
        failures += 1;
        let reason = reason(&status);
        let event = WatchEvent::Disconnected(Disconnected {
            code: status.code(),
            reason,
            was_connected,
        });
        if events.send(event).await.is_err() {
            return;
        }
        tokio::time::sleep(spread_below(reconnect.after(failures), fastrand::f64())).await;
    }
}

async fn open(
    transport: &Transport,
) -> Result<(mpsc::Sender<ClientMessage>, Streaming<ServerMessage>), Status> {
    let origin = transport
        .uri(PathAndQuery::from_static("/"))
        .map_err(unavailable)?;
    let (sender, messages) = mpsc::channel(WAITING);
    let mut client =
        WatchClient::with_origin(transport.client(), origin).max_decoding_message_size(MESSAGE_LIMIT);
    let answer = tokio::time::timeout(transport.deadline(), client.watch(ReceiverStream::new(messages)))
        .await
        .map_err(|_| Status::unavailable("the vault did not open the stream in time"))??;
    Ok((sender, answer.into_inner()))
}

/// Hands on what the vault sends until the stream ends, and says how it ended. `None` when nobody listens.
async fn forward(
    sender: mpsc::Sender<ClientMessage>,
    mut stream: Streaming<ServerMessage>,
    events: &mpsc::Sender<WatchEvent>,
) -> Option<Status> {
    events
        .send(WatchEvent::Connected(Sender(sender.downgrade())))
        .await
        .ok()?;
    loop {
        match stream.message().await {
            Ok(Some(ServerMessage {
                message: Some(message),
            })) => {
                events.send(WatchEvent::Message(message)).await.ok()?;
            }
            // A message of a later release.
            Ok(Some(ServerMessage { message: None })) => {}
            Ok(None) => return Some(Status::unavailable("the vault closed the stream")),
            Err(status) => return Some(status),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn unavailable(error: TransportError) -> Status {
    Status::new(Code::Unavailable, error.to_string())
}

/// A sentence: what the vault said, or what broke.
fn reason(status: &Status) -> String {
    one_line(&match std::error::Error::source(status) {
        Some(source) => causes(source),
        None => status.message().to_owned(),
    })
}
