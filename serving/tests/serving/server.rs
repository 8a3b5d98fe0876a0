//! A listener with routes that answer at once, or when the test says so.

use std::{
    net::{self, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    body::Bytes,
    routing::{get, post},
};
use prometheus_client::registry::Registry;
use rustls::ServerConfig;
use strongroom_serving::{
    accept::{Counts, Drain, Limits, Listener, Peer, Standing},
    metrics,
};
use tokio::sync::Notify;

/// The length of the answer to `/large`.
pub const LARGE: usize = 100_000;

pub struct Server {
    pub address: SocketAddr,
    pub drain: Drain,
    /// Lets a request of `/slow` be answered.
    pub answer: Arc<Notify>,
    slow: Arc<AtomicUsize>,
    registry: Registry,
}

impl Server {
    pub fn start(limits: Limits, tls: Option<ServerConfig>) -> Self {
        let tcp = net::TcpListener::bind("127.0.0.1:0").unwrap();
        tcp.set_nonblocking(true).unwrap();
        let (address, counts, mut registry) =
            (tcp.local_addr().unwrap(), Counts::default(), Registry::default());
        counts.register(&mut registry);
        let (drain, answer, slow) = (
            Drain::default(),
            Arc::new(Notify::new()),
            Arc::<AtomicUsize>::default(),
        );
        let router = router(&answer, &slow);
        let listener = Listener::new(tcp, tls, router, limits, counts, drain.clone());
        drain.spawn(listener.run());
        Self {
            address,
            drain,
            answer,
            slow,
            registry,
        }
    }

    /// How many requests of `/slow` wait for their answer.
    pub fn slow(&self) -> usize {
        self.slow.load(SeqCst)
    }

    /// Waits until so many do, for ten seconds at most.
    pub async fn wait_for_slow(&self, count: usize) {
        for _ in 0..1_000 {
            if self.slow() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} requests wait, not {count}", self.slow());
    }

    /// How many connections were refused for `reason`.
    pub fn refused(&self, reason: &str) -> u32 {
        let text = metrics::text(&self.registry).unwrap();
        let name = format!("connections_refused_total{{reason=\"{reason}\"}} ");
        let count = text.lines().find_map(|line| line.strip_prefix(&name));
        count.map_or(0, |count| count.parse().unwrap())
    }
}

fn router(answer: &Arc<Notify>, slow: &Arc<AtomicUsize>) -> Router {
    let (answer, waiting) = (Arc::clone(answer), Arc::clone(slow));
    let slow = async move || {
        waiting.fetch_add(1, SeqCst);
        answer.notified().await;
        waiting.fetch_sub(1, SeqCst);
        "slow"
    };
    let prove = async |Extension(standing): Extension<Standing>| standing.prove();
    Router::new()
        .route("/", get(show_peer))
        .route("/slow", get(slow))
        .route("/large", get(async || "a".repeat(LARGE)))
        .route("/upload", post(async |body: Bytes| body.len().to_string()))
        .route("/prove", get(prove))
}

async fn show_peer(Extension(peer): Extension<Peer>) -> String {
    format!("{} {:?}", peer.address, peer.tls)
}
