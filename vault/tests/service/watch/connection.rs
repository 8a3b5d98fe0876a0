//! Watch over a connection: TLS, HTTP/2, and the listener that drains.

use std::time::Duration;

use strongroom_serving::{
    accept::{Limits, Listener},
    tls::{ServingCertificate, server_config},
};
use strongroom_testing::vault::set;
use strongroom_wire::watch::{
    ClientMessage, Fetch, client_message::Message as Asked, server_message::Message as FromVault,
    watch_client::WatchClient,
};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Code,
    service::Routes,
    transport::{Certificate, Channel, ClientTlsConfig},
};

use super::Watched;
use crate::{
    node::{at, subscription},
    operator::HOST,
};

/// Serves Watch as the data port does; returns a channel to it.
async fn serve(watched: &Watched) -> Channel {
    let certificate = ServingCertificate::load(&watched.fixture.path("tls")).unwrap();
    let tls = server_config(certificate).unwrap();
    let router = Routes::from(axum::Router::new())
        .add_service(watched.watch.service())
        .into_axum_router();
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    tcp.set_nonblocking(true).unwrap();
    let address = tcp.local_addr().unwrap();
    let (counts, drain) = (
        watched.service.metrics.connections.clone(),
        watched.service.drain.clone(),
    );
    tokio::spawn(Listener::new(tcp, Some(tls), router, Limits::default(), counts, drain).run());
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(watched.fixture.serving.pem()))
        .domain_name(HOST);
    Channel::from_shared(format!("https://{address}"))
        .unwrap()
        .tls_config(tls)
        .unwrap()
        .connect()
        .await
        .unwrap()
}

fn client_message(message: Asked) -> ClientMessage {
    ClientMessage {
        message: Some(message),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_contents_cross_a_connection_and_draining_ends_it() {
    let watched = Watched::new();
    let names: Vec<String> = (0..64).map(|index| format!("o{index}")).collect();
    let versions: Vec<_> = names
        .iter()
        .map(|name| set(&watched.service, name, &"x".repeat(25 * 1024)))
        .collect();
    let channel = serve(&watched).await;
    let (asks, messages) = mpsc::channel(8);
    let stream = WatchClient::new(channel)
        .watch(ReceiverStream::new(messages))
        .await;
    let mut messages = stream.unwrap().into_inner();
    let objects: Vec<&str> = names.iter().map(String::as_str).collect();
    let subscribe = subscription("v", &watched.token(), &objects);
    asks.send(client_message(Asked::Subscribe(subscribe)))
        .await
        .unwrap();
    let answer = messages.message().await.unwrap().unwrap().message.unwrap();
    assert!(matches!(answer, FromVault::Subscribed(answer) if answer.objects.len() == 64));

    let id = "v".to_owned();
    asks.send(client_message(Asked::Fetch(Fetch {
        id,
        names: names.clone(),
        keys: vec![],
    })))
    .await
    .unwrap();
    let answer = messages.message().await.unwrap().unwrap().message.unwrap();
    let FromVault::Contents(contents) = answer else {
        panic!("not Contents: {answer:?}")
    };
    for ((content, name), version) in contents.contents.iter().zip(&names).zip(&versions) {
        assert_eq!(content.state.as_ref(), Some(&at(name, *version)));
        assert_eq!(content.value.len(), 25 * 1024);
    }

    watched.service.drain.begin();
    assert_eq!(messages.message().await.unwrap_err().code(), Code::Unavailable);
    let finished = timeout(Duration::from_secs(8), watched.service.drain.finished());
    assert_eq!(finished.await, Ok(true));
}
