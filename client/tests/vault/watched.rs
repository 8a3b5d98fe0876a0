//! Watch, over a connection that breaks.

use std::time::{Duration, Instant};

use axum::Router;
use strongroom_client::watch::{Disconnected, FETCH_AT_ONCE, Watch, WatchEvent};
use strongroom_core::{Delays, limits::VALUE_BYTES};
use strongroom_testing::{
    Authority, TlsServer,
    hostile_vault::watch::{accepted, contents, router as scripted},
};
use strongroom_wire::watch::{Subscribe, client_message, server_message};
use tonic::Status;

use crate::server::{HOST, client};

/// Answers each Subscribe; ends the stream when asked to subscribe to "end".
fn router() -> Router {
    scripted(async |mut stream| {
        while let Some(subscribe) = stream.subscribe().await {
            if subscribe.id == "end" {
                stream.end(Status::unavailable("draining")).await;
            } else if !stream.say(accepted(&subscribe, "")).await {
                return;
            }
        }
    })
}

async fn next(watch: &mut Watch) -> WatchEvent {
    tokio::time::timeout(Duration::from_secs(10), watch.next())
        .await
        .expect("an event comes")
        .unwrap()
}

fn subscribe(id: &str) -> client_message::Message {
    client_message::Message::Subscribe(Subscribe {
        id: id.to_owned(),
        ..Subscribe::default()
    })
}

async fn subscribed(watch: &mut Watch, id: &str) -> bool {
    matches!(next(watch).await, WatchEvent::Message(server_message::Message::Subscribed(answer)) if answer.id == id)
}

fn quickly() -> Delays {
    Delays {
        first: Duration::from_millis(10),
        longest: Duration::from_millis(50),
    }
}

#[tokio::test]
async fn messages_go_both_ways_on_the_connection_that_requests_use() {
    let authority = Authority::new("strongroom");
    let served = TlsServer::start(&authority, HOST, router()).await;
    let mut watch = Watch::start(&client(&authority, &served), quickly());
    let WatchEvent::Connected(sender) = next(&mut watch).await else {
        panic!("not connected")
    };
    sender.send(subscribe("a")).await.unwrap();
    assert!(subscribed(&mut watch, "a").await);
    assert_eq!(served.connections(), 1);
}

#[tokio::test]
async fn a_stream_that_the_vault_ends_is_reported_and_opened_again() {
    let authority = Authority::new("strongroom");
    let served = TlsServer::start(&authority, HOST, router()).await;
    let mut watch = Watch::start(&client(&authority, &served), quickly());
    let WatchEvent::Connected(first) = next(&mut watch).await else {
        panic!("not connected")
    };
    first.send(subscribe("end")).await.unwrap();
    let WatchEvent::Disconnected(Disconnected {
        code,
        reason,
        was_connected,
    }) = next(&mut watch).await
    else {
        panic!("no disconnection reported")
    };
    assert_eq!(
        (code, reason.as_str(), was_connected),
        (tonic::Code::Unavailable, "draining", true)
    );
    let WatchEvent::Connected(second) = next(&mut watch).await else {
        panic!("not connected again")
    };
    second.send(subscribe("b")).await.unwrap();
    assert!(subscribed(&mut watch, "b").await);
    assert!(
        first.send(subscribe("late")).await.is_err(),
        "a sender is good for its own connection only"
    );
}

#[tokio::test]
async fn a_vault_that_went_away_is_found_again() {
    let authority = Authority::new("strongroom");
    let served = TlsServer::start(&authority, HOST, router()).await;
    let (client, address) = (client(&authority, &served), served.address());
    let mut watch = Watch::start(&client, quickly());
    assert!(matches!(next(&mut watch).await, WatchEvent::Connected(_)));
    drop(served);
    let WatchEvent::Disconnected(lost) = next(&mut watch).await else {
        panic!("no disconnection reported")
    };
    assert!(lost.was_connected);
    let WatchEvent::Disconnected(refused) = next(&mut watch).await else {
        panic!("no disconnection reported")
    };
    assert!(!refused.was_connected && !refused.reason.is_empty());
    let _served = TlsServer::start_at(&authority, HOST, router(), address).await;
    loop {
        match next(&mut watch).await {
            WatchEvent::Connected(_) => break,
            WatchEvent::Disconnected(_) => {}
            WatchEvent::Message(message) => panic!("{message:?}"),
        }
    }
}

#[tokio::test]
async fn a_message_longer_than_any_honest_one_ends_the_stream() {
    let authority = Authority::new("strongroom");
    let router = scripted(async |mut stream| {
        while let Some(subscribe) = stream.subscribe().await {
            let bytes = subscribe.id.parse().unwrap();
            stream.say(contents(&subscribe.id, "a", bytes)).await;
        }
    });
    let served = TlsServer::start(&authority, HOST, router).await;
    let mut watch = Watch::start(&client(&authority, &served), quickly());
    let WatchEvent::Connected(sender) = next(&mut watch).await else {
        panic!("not connected")
    };
    let honest = FETCH_AT_ONCE * VALUE_BYTES;
    sender.send(subscribe(&honest.to_string())).await.unwrap();
    assert!(matches!(next(&mut watch).await, WatchEvent::Message(_)));
    sender.send(subscribe(&(2 * honest).to_string())).await.unwrap();
    let WatchEvent::Disconnected(lost) = next(&mut watch).await else {
        panic!("it is taken")
    };
    assert_eq!(lost.code, tonic::Code::OutOfRange, "{lost:?}");
}

/// Else a vault that ends each stream at once is asked at the pace of the first delay for ever.
#[tokio::test]
async fn a_stream_that_ends_at_once_is_opened_again_ever_more_seldom() {
    let authority = Authority::new("strongroom");
    let router = scripted(async |stream| stream.end(Status::unavailable("draining")).await);
    let served = TlsServer::start(&authority, HOST, router).await;
    let mut watch = Watch::start(&client(&authority, &served), quickly());
    let began = Instant::now();
    let mut opened = 0;
    while began.elapsed() < Duration::from_secs(1) {
        opened += usize::from(matches!(next(&mut watch).await, WatchEvent::Connected(_)));
    }
    assert!(opened <= 44, "{opened} in a second");
}
