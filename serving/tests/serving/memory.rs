//! The memory that peers make a listener hold: there is a budget for all of them, and who takes most of it gives way.

use std::{net::Ipv4Addr, time::Duration};

use futures::future::join_all;
use strongroom_serving::accept::Limits;
use strongroom_testing::silent_peer::{
    Held, Http, SilentPeer,
    frames::{DATA, END_HEADERS, HEADERS, frame, head, opening, stream},
};

use crate::{
    server::LARGE,
    silence::{Tls, ask, start_with},
    tls::HOST,
};

const BUDGET: usize = 4 << 20;
const SOME_TIME: Duration = Duration::from_secs(3);

/// A listener that waits for any peer for longer than a test lasts.
fn start(unproven: usize) -> Tls {
    start_with(Limits {
        patience: Duration::from_mins(1),
        unproven_per_source: unproven,
        pinned_bytes: BUDGET,
        ..Limits::default()
    })
}

/// A peer of the source 127.0.2.`last` that takes none of `count` large answers.
async fn taker_of_nothing(tls: &Tls, last: u8, path: &str, count: u32) -> SilentPeer {
    let source = Ipv4Addr::new(127, 0, 2, last);
    let mut peer = tls.port.open(source, Http::Two).await.unwrap();
    peer.send(&opening(0)).await;
    ask(&mut peer, stream(0), path).await;
    // That it is proven is known before more is asked for.
    tokio::time::sleep(Duration::from_millis(100)).await;
    for number in 1..=count {
        ask(&mut peer, stream(number), "/large").await;
    }
    peer
}

fn ended(held: &[Held]) -> usize {
    held.iter().filter(|held| held.ended.is_some()).count()
}

async fn is_served(tls: &Tls) {
    let mut peer = tls
        .port
        .open(Ipv4Addr::new(127, 0, 3, 1), Http::Two)
        .await
        .unwrap();
    peer.send(&opening(65_535)).await;
    ask(&mut peer, 1, "/").await;
    assert!(peer.hold(Duration::from_secs(1)).await.received.len() > 100);
}

#[tokio::test]
async fn a_source_that_is_proven_and_takes_nothing_gives_way_and_a_modest_one_stays() {
    let tls = start(32);
    let modest = taker_of_nothing(&tls, 1, "/", 4).await;
    let mut greedy = Vec::new();
    for _ in 0..4 {
        greedy.push(taker_of_nothing(&tls, 2, "/prove", 30).await);
    }
    let (modest, greedy) = tokio::join!(
        modest.hold(SOME_TIME),
        join_all(greedy.into_iter().map(|peer| peer.hold(SOME_TIME)))
    );
    assert_eq!(modest.ended, None);
    // Each holds three megabytes: one fits.
    let least = 4 - BUDGET / (30 * LARGE);
    assert!(ended(&greedy) >= least, "{} of 4 ended", ended(&greedy));
    assert_eq!(
        tls.server.refused("memory"),
        u32::try_from(ended(&greedy)).unwrap()
    );
    is_served(&tls).await;
}

#[tokio::test]
async fn many_sources_together_hold_no_more_than_one_and_a_modest_one_stays() {
    let tls = start(32);
    let modest = taker_of_nothing(&tls, 1, "/", 4).await;
    let greedy = join_all((10..30).map(|last| taker_of_nothing(&tls, last, "/", 15))).await;
    let (modest, greedy) = tokio::join!(
        modest.hold(SOME_TIME),
        join_all(greedy.into_iter().map(|peer| peer.hold(SOME_TIME)))
    );
    assert_eq!(modest.ended, None);
    // Each holds a megabyte and a half: two fit.
    assert!(ended(&greedy) >= 17, "{} of 20 ended", ended(&greedy));
    is_served(&tls).await;
}

#[tokio::test]
async fn bodies_that_come_before_their_request_has_a_turn_count() {
    let tls = start(1);
    let mut slow = tls
        .port
        .open(Ipv4Addr::new(127, 0, 2, 1), Http::Two)
        .await
        .unwrap();
    slow.send(&opening(0)).await;
    ask(&mut slow, 1, "/slow").await;
    tls.server.wait_for_slow(1).await;
    let block = head("POST", HOST, "/upload", &[("content-length", "1048576")]);
    let upload: Vec<u8> = [
        opening(0),
        frame(HEADERS, END_HEADERS, 1, &block),
        frame(DATA, 0, 1, &[b'b'; 16 << 10]).repeat(3),
    ]
    .concat();
    let waiting = join_all((0..64).map(|_| async {
        let mut peer = tls
            .port
            .open(Ipv4Addr::new(127, 0, 2, 1), Http::Two)
            .await
            .unwrap();
        peer.send(&upload).await;
        peer.hold(SOME_TIME).await
    }));
    let (waiting, _) = tokio::join!(waiting, slow.hold(SOME_TIME));
    // Each may have sent a window of 128 KiB.
    let least = 64 - BUDGET / (128 << 10);
    assert!(ended(&waiting) >= least, "{} of 64 ended", ended(&waiting));
    let refused = tls.server.refused("memory");
    assert!(refused >= u32::try_from(least).unwrap(), "{refused} for memory");
    is_served(&tls).await;
}
