//! One source that attacks, in a process of its own, so that its processor time is known apart.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use http::Method;
use hyper::body::Bytes;
use serde::{Deserialize, Serialize};
use strongroom_testing::silent_peer::{
    Http, Port, SilentPeer,
    frames::{DATA, END_HEADERS, HEADERS, frame, head, opening, stream},
};

use crate::load::{Call, Target};

/// What the source does on each of its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Heads of requests with bodies, and nothing of the bodies.
    NoBodies,
    /// A byte a second of them.
    SlowBodies,
    /// Heads without a token, and as much of each body as the server takes.
    UnreadBodies,
    /// A head that does not end, as long as the server reads it.
    HalfHeads,
    /// Requests whose answers are not taken: HTTP/2 with a window of nothing.
    Window0,
    /// Requests whose answers are not taken from the kernel either.
    Deaf,
    /// Backups of one secret, with a token, at once.
    Backups,
}

/// One attack.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Plan {
    pub kind: Kind,
    pub address: SocketAddr,
    pub host: String,
    /// None for a port without TLS.
    pub ca: Option<PathBuf>,
    pub source: Ipv4Addr,
    pub path: String,
    pub content_type: String,
    pub token: Option<String>,
    /// Connections that it wants at once.
    pub connections: usize,
    pub seconds: u64,
}

/// Streams of one connection.
const STREAMS: u32 = 100;
/// How long a connection is held before it is tried anew.
const HOLD: Duration = Duration::from_secs(30);
/// How soon the next is tried after one that ended.
const PAUSE: Duration = Duration::from_millis(20);

/// Attacks by `plan`, and says on standard output how many connections it had.
pub async fn run(plan: &str) -> Result<()> {
    let plan: Arc<Plan> = Arc::new(serde_json::from_str(plan).context("that is no plan")?);
    let ends = Instant::now() + Duration::from_secs(plan.seconds);
    let opened = Arc::new(AtomicU64::new(0));
    for number in 0..plan.connections {
        let (plan, opened) = (Arc::clone(&plan), Arc::clone(&opened));
        tokio::spawn(async move {
            while Instant::now() < ends {
                match plan.kind {
                    Kind::Backups => {
                        let done = back_up(&plan).await.is_ok();
                        opened.fetch_add(u64::from(done), Relaxed);
                    }
                    _ => stand(&plan, number, &opened).await,
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
    }
    tokio::time::sleep_until(ends.into()).await;
    println!("{}", opened.load(Relaxed));
    Ok(())
}

/// Uses `share` of one core until the process is ended.
pub fn burn(share: f64) -> ! {
    const SLICE: Duration = Duration::from_millis(5);
    let busy = SLICE.mul_f64(share.clamp(0.0, 1.0));
    loop {
        let began = Instant::now();
        while began.elapsed() < busy {
            std::hint::spin_loop();
        }
        std::thread::sleep(SLICE.saturating_sub(began.elapsed()));
    }
}

async fn back_up(plan: &Plan) -> Result<()> {
    let ca = std::fs::read(plan.ca.as_ref().context("backups need TLS")?)?;
    let bearer = format!("Bearer {}", plan.token.as_deref().unwrap_or_default());
    let target = Target::new(plan.address, &plan.host, &ca)?
        .header("authorization", &bearer)?
        .from(plan.source);
    let call = Call {
        method: Method::POST,
        path: plan.path.clone(),
        body: Bytes::new(),
    };
    target.once(call).await.map(drop)
}

/// Holds one connection, and counts it once it is open.
async fn stand(plan: &Plan, number: usize, opened: &AtomicU64) {
    let port = match &plan.ca {
        Some(ca) => Port::tls(plan.address, &plan.host, ca),
        None => Port::plain(plan.address),
    };
    let is_one = plan.ca.is_none() || (plan.kind == Kind::HalfHeads && number.is_multiple_of(2));
    let http = if is_one { Http::One } else { Http::Two };
    if let Ok(peer) = port.open(plan.source, http).await {
        opened.fetch_add(1, Relaxed);
        attack(plan, peer, http).await;
    }
}

async fn attack(plan: &Plan, mut peer: SilentPeer, http: Http) {
    let (path, content_type) = (plan.path.as_str(), plan.content_type.as_str());
    match plan.kind {
        Kind::NoBodies => {
            peer.heads_without_bodies(STREAMS, path, content_type).await;
            peer.hold(HOLD).await;
        }
        Kind::SlowBodies => {
            peer.heads_without_bodies(STREAMS, path, content_type).await;
            peer.send_a_byte_a_second(HOLD, STREAMS).await;
        }
        Kind::UnreadBodies => {
            peer.send(&unread_bodies(plan)).await;
            peer.hold(HOLD).await;
        }
        Kind::HalfHeads => {
            peer.half_head().await;
            if http == Http::One {
                // As much as any server reads, in two parts: what is refused late costs more.
                peer.send(&[b'a'; 6 << 10]).await;
                peer.send(&vec![b'a'; 400 << 10]).await;
            }
            peer.hold(HOLD).await;
        }
        Kind::Window0 | Kind::Deaf => {
            peer.ask_with_window(0, 2 * STREAMS, path).await;
            if plan.kind == Kind::Deaf {
                peer.hold_deaf(HOLD).await;
            } else {
                peer.hold(HOLD).await;
            }
        }
        Kind::Backups => {}
    }
}

/// Heads with bodies of a mebibyte, and 16 KiB of each.
fn unread_bodies(plan: &Plan) -> Vec<u8> {
    let fields = [
        ("content-type", plan.content_type.as_str()),
        ("content-length", "1048576"),
    ];
    let block = head("POST", &plan.host, &plan.path, &fields);
    let part = vec![b'a'; 16 << 10];
    let requests = (0..STREAMS).flat_map(|number| {
        let of = stream(number);
        [frame(HEADERS, END_HEADERS, of, &block), frame(DATA, 0, of, &part)].concat()
    });
    opening(0).into_iter().chain(requests).collect()
}
