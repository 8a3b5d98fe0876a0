//! A listener with routes that answer at once, or when the test says so.

use std::{
    net::{self, SocketAddr},
    sync::Arc,
};

use axum::{Extension, Router, routing::get};
use prometheus_client::registry::Registry;
use rustls::ServerConfig;
use strongroom_serving::{
    accept::{Counts, Drain, Limits, Listener, Peer},
    metrics,
};
use tokio::sync::Notify;

pub struct Server {
    pub address: SocketAddr,
    pub drain: Drain,
    /// Lets a request of `/slow` be answered.
    pub answer: Arc<Notify>,
    registry: Registry,
}

impl Server {
    pub fn start(limits: Limits, tls: Option<ServerConfig>) -> Self {
        let tcp = net::TcpListener::bind("127.0.0.1:0").unwrap();
        tcp.set_nonblocking(true).unwrap();
        let (address, counts, mut registry) =
            (tcp.local_addr().unwrap(), Counts::default(), Registry::default());
        counts.register(&mut registry);
        let (drain, answer) = (Drain::default(), Arc::new(Notify::new()));
        let listener = Listener::new(tcp, tls, router(&answer), limits, counts, drain.clone());
        drain.spawn(listener.run());
        Self {
            address,
            drain,
            answer,
            registry,
        }
    }

    /// How many connections were refused for `reason`.
    pub fn refused(&self, reason: &str) -> u32 {
        let text = metrics::text(&self.registry).unwrap();
        let name = format!("connections_refused_total{{reason=\"{reason}\"}} ");
        let count = text.lines().find_map(|line| line.strip_prefix(&name));
        count.map_or(0, |count| count.parse().unwrap())
    }
}

fn router(answer: &Arc<Notify>) -> Router {
    let answer = Arc::clone(answer);
    let slow = async move || {
        answer.notified().await;
        "slow"
    };
    Router::new().route("/", get(show_peer)).route("/slow", get(slow))
}

async fn show_peer(Extension(peer): Extension<Peer>) -> String {
    format!("{} {:?}", peer.address, peer.tls)
}
