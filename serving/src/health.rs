//! `/healthz`, `/readyz` and `/metrics`: plain HTTP on a port of its own, for the kubelet and for Prometheus.

use std::{net::TcpListener, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use prometheus_client::registry::Registry;

use crate::{
    accept::{Counts, Drain, Limits, Listener},
    metrics,
};

/// The bounds of a health port, which everyone on the pod network may reach. The kubelet and Prometheus need few
/// connections, and send small requests at once, each on a connection of its own.
pub const LIMITS: Limits = Limits {
    connections: 64,
    connections_per_source: 8,
    connections_per_second: 128,
    handshakes: 64,
    handshakes_per_source: 8,
    handshake_timeout: Duration::from_secs(2),
    head_timeout: Duration::from_secs(2),
    idle_timeout: Duration::from_secs(10),
    patience: Duration::from_secs(5),
    head_bytes: 8 << 10,
    headers: 64,
    keeps_alive: false,
    streams: 1,
    unproven_per_source: 8,
    requests_per_source: 8,
    pinned_bytes: 4 << 20,
};

/// What a program shows on its health port.
pub trait Health: Send + Sync + 'static {
    /// Why the program cannot serve, one sentence each; none while it can.
    fn problems(&self) -> Vec<String>;

    /// Sets the metrics that are not counted as things happen. Called before the metrics are written.
    fn sample(&self) {}

    /// The program's metrics.
    fn registry(&self) -> &Registry;
}

/// The routes over `health`. `/healthz` answers while the process does; `/readyz` answers 503 with the problems while
/// there are any.
pub fn router(health: impl Health) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(show_readiness))
        .route("/metrics", get(show_metrics))
        .with_state(Arc::new(health) as Arc<dyn Health>)
}

/// Serves the routes over `health` on `tcp` (see [`bind`](crate::accept::bind)) within [`LIMITS`] until `stop` resolves
/// and the requests in flight have ended.
pub async fn serve(tcp: TcpListener, health: impl Health, stop: impl Future<Output = ()>) {
    let (router, counts, drain) = (router(health), Counts::default(), Drain::default());
    let listener = Listener::new(tcp, None, router, LIMITS, counts, drain.clone());
    drain.spawn(listener.run());
    stop.await;
    drain.begin();
    drain.finished().await;
}

async fn show_readiness(State(health): State<Arc<dyn Health>>) -> (StatusCode, String) {
    let problems = health.problems();
    if problems.is_empty() {
        (StatusCode::OK, "ok".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, problems.join("\n"))
    }
}

async fn show_metrics(State(health): State<Arc<dyn Health>>) -> Response {
    health.sample();
    match metrics::text(health.registry()) {
        Ok(text) => ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be written").into_response(),
    }
}
