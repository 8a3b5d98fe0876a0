//! Whom a listener waits for: the router and peers that get on, and nobody else.

use std::{net::Ipv4Addr, time::Duration};

use strongroom_serving::accept::Limits;
use strongroom_testing::silent_peer::{
    Http, Port, SilentPeer,
    frames::{DATA, END_HEADERS, END_STREAM, HEADERS, frame, head, opening, window_update},
};

use crate::{
    server::{LARGE, Server},
    tls::{HOST, Pair},
};

const OWN: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Longer than such a listener waits for anyone.
const LONG: Duration = Duration::from_secs(14);

pub struct Tls {
    pub server: Server,
    pub port: Port,
    _pair: Pair,
}

/// A listener that waits for three seconds for any peer.
fn start() -> Tls {
    start_with(Limits {
        patience: Duration::from_secs(3),
        ..Limits::default()
    })
}

pub fn start_with(limits: Limits) -> Tls {
    let pair = Pair::make();
    let server = Server::start(limits, Some(pair.server_config()));
    let port = Port::tls(server.address, HOST, &pair.chain());
    Tls {
        server,
        port,
        _pair: pair,
    }
}

async fn open(tls: &Tls, window: u32) -> SilentPeer {
    let mut peer = tls.port.open(OWN, Http::Two).await.unwrap();
    peer.send(&opening(window)).await;
    peer
}

pub async fn ask(peer: &mut SilentPeer, stream: u32, path: &str) {
    let head = head("GET", HOST, path, &[]);
    peer.send(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &head))
        .await;
}

#[tokio::test]
async fn an_answer_that_the_router_has_nothing_for_yet_lasts() {
    let tls = start();
    let mut peer = open(&tls, 65_535).await;
    ask(&mut peer, 1, "/slow").await;
    let answer = async {
        tokio::time::sleep(Duration::from_secs(12)).await;
        tls.server.answer.notify_one();
    };
    let (held, ()) = tokio::join!(peer.hold(LONG), answer);
    assert_eq!(held.ended, None);
    assert!(held.received.ends_with(b"slow"));
}

#[tokio::test]
async fn a_peer_that_takes_an_answer_at_its_own_pace_gets_all_of_it() {
    let tls = start();
    let mut peer = open(&tls, 0).await;
    ask(&mut peer, 1, "/large").await;
    let part = u32::try_from(LARGE / 10 + 1).unwrap();
    let more = |_| [window_update(0, part), window_update(1, part)].concat();
    let held = peer.trickle(LONG, more).await;
    assert_eq!(held.ended, None);
    assert!(held.received.len() > LARGE, "{} bytes", held.received.len());
}

#[tokio::test]
async fn a_peer_that_takes_a_byte_a_second_is_ended_and_counted() {
    let tls = start();
    let mut peer = open(&tls, 1).await;
    ask(&mut peer, 1, "/large").await;
    let held = peer.take_a_byte_a_second(LONG, 1).await;
    assert!(held.ended.is_some());
    assert_eq!(tls.server.refused("stalled"), 1);
}

#[tokio::test]
async fn a_body_that_comes_slowly_is_waited_for_and_one_that_does_not_come_is_not() {
    let tls = start();
    let asked = frame(HEADERS, END_HEADERS, 1, &head("POST", HOST, "/upload", &[]));
    for (bytes, survives) in [(1_000, true), (1, false)] {
        let mut peer = open(&tls, 65_535).await;
        peer.send(&asked).await;
        let body = vec![b'b'; bytes];
        let held = peer.trickle(LONG, |_| frame(DATA, 0, 1, &body)).await;
        assert_eq!(held.ended.is_none(), survives, "{bytes} bytes a second");
    }
}

#[tokio::test]
async fn a_peer_that_takes_no_answer_makes_room_for_another() {
    let tls = start_with(Limits {
        connections: 1,
        patience: Duration::from_mins(1),
        ..Limits::default()
    });
    let mut silent = open(&tls, 0).await;
    ask(&mut silent, 1, "/large").await;
    tokio::time::sleep(Duration::from_secs(7)).await;
    let mut other = open(&tls, 65_535).await;
    ask(&mut other, 1, "/").await;
    let (silent, other) = tokio::join!(silent.hold(LONG), other.hold(Duration::from_secs(1)));
    assert!(silent.ended.is_some());
    assert!(!other.received.is_empty());
}

#[tokio::test]
async fn one_source_has_few_requests_in_flight_until_its_connection_is_proven() {
    let tls = start_with(Limits {
        unproven_per_source: 3,
        requests_per_source: 9,
        ..Limits::default()
    });
    let mut peers = Vec::new();
    for _ in 0..3 {
        let mut peer = open(&tls, 65_535).await;
        for number in 0..4 {
            ask(&mut peer, number * 2 + 1, "/slow").await;
        }
        peers.push(peer);
    }
    tls.server.wait_for_slow(3).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(tls.server.slow(), 3);
    while tls.server.slow() > 0 {
        tls.server.answer.notify_waiters();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut proven = open(&tls, 65_535).await;
    // The first of them prove the connection to those that wait already.
    for number in 1..20 {
        ask(
            &mut proven,
            number * 2 - 1,
            if number == 1 { "/prove" } else { "/slow" },
        )
        .await;
    }
    tls.server.wait_for_slow(9).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(tls.server.slow(), 9);
}
