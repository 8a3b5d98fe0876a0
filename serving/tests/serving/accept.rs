//! The limits of a listener, and its drain.

use std::time::{Duration, Instant};

use strongroom_serving::accept::Limits;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpSocket, TcpStream},
};

use crate::{
    client::{ask, read_to, rest},
    server::Server,
    tls::Pair,
};

const SOON: Duration = Duration::from_millis(200);

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).await.unwrap()
}

/// A connection that has been answered, so that it holds its slot.
async fn connected(server: &Server) -> TcpStream {
    let mut stream = connect(server).await;
    ask(&mut stream, "/").await;
    read_to(&mut stream, "None").await;
    stream
}

#[tokio::test]
async fn a_source_beyond_its_connections_is_refused_until_one_ends() {
    let limits = Limits {
        connections_per_source: 2,
        ..Limits::default()
    };
    let server = Server::start(limits, None);
    let held = [connected(&server).await, connected(&server).await];
    assert_eq!(rest(&mut connect(&server).await).await, "");
    assert_eq!(server.refused("source"), 1);
    drop(held);
    let before = Instant::now();
    loop {
        let mut stream = connect(&server).await;
        let asked = stream.write_all(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
        if asked.await.is_ok() && rest(&mut stream).await.ends_with("None") {
            break;
        }
        assert!(before.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_source_that_connects_again_and_again_is_slowed_down_and_others_are_not() {
    let limits = Limits {
        connections_per_source: 4,
        connections_per_second: 1,
        ..Limits::default()
    };
    let server = Server::start(limits, None);
    for _ in 0..4 {
        drop(connected(&server).await);
    }
    assert_eq!(rest(&mut connect(&server).await).await, "");
    assert_eq!(server.refused("rate"), 1);
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(server.address).await.unwrap();
    ask(&mut other, "/").await;
    read_to(&mut other, "None").await;
}

#[tokio::test]
async fn the_idle_connection_makes_room_for_a_new_one() {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let server = Server::start(limits, None);
    let mut idle = connected(&server).await;
    let _new = connected(&server).await;
    assert_eq!(rest(&mut idle).await, "");
}

#[tokio::test]
async fn a_connection_with_a_request_in_flight_makes_no_room() {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let server = Server::start(limits, None);
    let mut busy = connected(&server).await;
    ask(&mut busy, "/slow").await;
    tokio::time::sleep(SOON).await;
    assert_eq!(rest(&mut connect(&server).await).await, "");
    assert_eq!(server.refused("total"), 1);
    server.answer.notify_one();
    read_to(&mut busy, "slow").await;
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_broken_off() {
    let limits = Limits {
        handshake_timeout: SOON,
        ..Limits::default()
    };
    let server = Server::start(limits, Some(Pair::make().server_config()));
    assert_eq!(rest(&mut connect(&server).await).await, "");
    assert_eq!(server.refused("handshake_timeout"), 1);
}

#[tokio::test]
async fn a_source_beyond_its_handshakes_is_refused_at_once() {
    let limits = Limits {
        handshakes_per_source: 1,
        ..Limits::default()
    };
    let server = Server::start(limits, Some(Pair::make().server_config()));
    let _shaking = connect(&server).await;
    let before = Instant::now();
    assert_eq!(rest(&mut connect(&server).await).await, "");
    assert!(before.elapsed() < Limits::default().handshake_timeout / 2);
    assert_eq!(server.refused("handshakes"), 1);
}

#[tokio::test]
async fn a_head_that_never_ends_and_an_idle_connection_are_broken_off() {
    let limits = Limits {
        head_timeout: SOON,
        ..Limits::default()
    };
    let server = Server::start(limits, None);
    let mut slow = connect(&server).await;
    slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    rest(&mut slow).await;

    let limits = Limits {
        idle_timeout: SOON,
        ..Limits::default()
    };
    let server = Server::start(limits, None);
    assert_eq!(rest(&mut connected(&server).await).await, "");
}

#[tokio::test]
async fn a_head_with_too_many_headers_is_refused() {
    let server = Server::start(Limits::default(), None);
    let mut stream = connect(&server).await;
    let headers = "A: b\r\n".repeat(Limits::default().headers + 1);
    let head = format!("GET / HTTP/1.1\r\n{headers}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_drain_lets_a_request_finish_and_accepts_no_other() {
    let server = Server::start(Limits::default(), None);
    let mut idle = connected(&server).await;
    let mut busy = connect(&server).await;
    ask(&mut busy, "/slow").await;
    tokio::time::sleep(SOON).await;
    server.drain.begin();
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err());
    server.answer.notify_one();
    assert!(rest(&mut busy).await.ends_with("slow"));
    assert!(server.drain.finished().await);
}
