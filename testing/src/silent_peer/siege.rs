//! Every way of standing still at one port, many times each, beside a client that goes on.

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use futures::future::join_all;

use super::{Held, Http, Port, frames};

/// Streams of one connection that are asked for at once.
const STREAMS: u32 = 8;

/// A way of standing still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Connects and says nothing.
    Nothing,
    /// Sends the first bytes of a handshake, or of anything else.
    FirstBytes,
    /// Shakes hands, and says nothing then.
    NoHead(Http),
    /// Sends a head that does not end.
    HalfHead(Http),
    /// Sends heads, and nothing of the bodies.
    NoBodies(Http),
    /// Sends a byte a second of the bodies.
    SlowBodies(Http),
    /// Takes nothing of the answers.
    Window0,
    /// Takes a byte a second of the answers.
    SlowWindow,
}

impl Way {
    /// Every way of standing still at `port`.
    fn at(port: &Port) -> Vec<Self> {
        let mut ways = vec![Self::Nothing, Self::FirstBytes];
        for &http in port.speaks() {
            ways.extend([
                Self::NoHead(http),
                Self::HalfHead(http),
                Self::NoBodies(http),
                Self::SlowBodies(http),
            ]);
        }
        if port.speaks().contains(&Http::Two) {
            ways.extend([Self::Window0, Self::SlowWindow]);
        }
        ways
    }

    /// Stands still at `port`, for `time` at most. A connection that is refused has ended.
    async fn stand(self, port: &Port, source: Ipv4Addr, path: &str, time: Duration) -> Held {
        let opened = match self {
            Self::Nothing | Self::FirstBytes => port.open_bare(source).await,
            Self::NoHead(http) | Self::HalfHead(http) | Self::NoBodies(http) | Self::SlowBodies(http) => {
                port.open(source, http).await
            }
            Self::Window0 | Self::SlowWindow => port.open(source, Http::Two).await,
        };
        let Ok(mut peer) = opened else {
            return Held {
                ended: Some(Duration::ZERO),
                received: Vec::new(),
            };
        };
        match self {
            Self::Nothing | Self::NoHead(_) => peer.hold(time).await,
            Self::FirstBytes => {
                // The record of a TLS handshake that is to have 512 bytes.
                peer.send(&[22, 3, 1, 2, 0, 1]).await;
                peer.hold(time).await
            }
            Self::HalfHead(_) => {
                peer.half_head().await;
                peer.hold(time).await
            }
            Self::NoBodies(_) => {
                peer.heads_without_bodies(STREAMS, path, "application/json").await;
                peer.hold(time).await
            }
            Self::SlowBodies(_) => {
                peer.heads_without_bodies(STREAMS, path, "application/json").await;
                peer.send_a_byte_a_second(time, STREAMS).await
            }
            Self::Window0 => {
                peer.ask_with_window(0, STREAMS, path).await;
                peer.hold(time).await
            }
            Self::SlowWindow => {
                peer.ask_with_window(1, STREAMS, path).await;
                peer.take_a_byte_a_second(time, STREAMS).await
            }
        }
    }
}

/// A siege of one port.
#[derive(Debug)]
pub struct Siege<'a> {
    /// The listener, as the table of [`listeners`](super::listeners) names it.
    pub listener: &'a str,
    /// Where it is.
    pub port: &'a Port,
    /// The address of this machine that the peers have; the client has another.
    pub source: Ipv4Addr,
    /// What they ask for.
    pub path: &'a str,
    /// How many peers stand still in each way.
    pub peers: usize,
    /// By when each of them has to be ended, or to have its answers.
    pub within: Duration,
}

impl Siege<'_> {
    /// Lays siege until the server has ended every peer or the time is over. Meanwhile `client` has to be served, again
    /// and again, each time within two seconds.
    pub async fn lay(&self, client: impl AsyncFn()) {
        let lasts = self.within + Duration::from_secs(2);
        let ways = Way::at(self.port);
        let standing = join_all(ways.iter().flat_map(|way| {
            (0..self.peers).map(move |_| async move {
                (*way, way.stand(self.port, self.source, self.path, lasts).await)
            })
        }));
        tokio::pin!(standing);
        let held = loop {
            let began = Instant::now();
            let served = tokio::time::timeout(Duration::from_secs(2), client());
            tokio::select! {
                held = &mut standing => break held,
                served = served => assert!(served.is_ok(), "{}: a client waits for peers that stand still", self.listener),
            }
            let pause = Duration::from_millis(100).saturating_sub(began.elapsed());
            tokio::select! {
                held = &mut standing => break held,
                () = tokio::time::sleep(pause) => {}
            }
        };
        let mut kept: BTreeMap<Way, usize> = BTreeMap::new();
        for (way, held) in &held {
            let is_ended = held.ended.is_some_and(|ended| ended < self.within);
            if !is_ended && !is_answered(*way, held) {
                *kept.entry(*way).or_default() += 1;
            }
        }
        assert!(
            kept.is_empty(),
            "{}: waited for longer than {:?}: {kept:?}",
            self.listener,
            self.within
        );
    }
}

/// Whether a peer has the whole answer to each of its requests, so that nothing waits for it.
fn is_answered(way: Way, held: &Held) -> bool {
    let asked = match way {
        Way::Nothing | Way::FirstBytes | Way::NoHead(_) | Way::HalfHead(Http::One) => return false,
        Way::NoBodies(Http::One) | Way::SlowBodies(Http::One) => {
            return held.received.starts_with(b"HTTP/1.1 ");
        }
        Way::HalfHead(Http::Two) => 1,
        Way::NoBodies(Http::Two) | Way::SlowBodies(Http::Two) | Way::Window0 | Way::SlowWindow => STREAMS,
    };
    frames::ended_streams(&held.received) >= usize::try_from(asked).unwrap()
}
