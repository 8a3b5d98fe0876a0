//! The TLS listener: limits before anything costs much.

mod slots;

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::{metrics::Metrics, source::Source};
use slots::{Slot, Slots};

/// Open connections, in all and of one source.
const CONNECTIONS: (usize, usize) = (2048, 64);

/// Handshakes that go on at once.
const HANDSHAKES: usize = 64;

/// The time for a handshake, and for the head of an HTTP/1.1 request.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long requests in flight may take to finish.
const GRACE: Duration = Duration::from_secs(10);

/// How often an HTTP/2 peer is asked whether it is still there.
const PING: Duration = Duration::from_secs(30);

/// A listener with its router.
pub(super) struct Listener {
    tls: TlsAcceptor,
    router: Router,
    metrics: Metrics,
    slots: Arc<Slots>,
    handshakes: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Listener {
    /// A listener that ends when `stop` is cancelled.
    pub(super) fn new(
        tls: rustls::ServerConfig,
        router: Router,
        metrics: Metrics,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let (total, per_source) = CONNECTIONS;
        Arc::new(Self {
            tls: Arc::new(tls).into(),
            router,
            metrics,
            slots: Slots::new(total, per_source),
            handshakes: Arc::new(Semaphore::new(HANDSHAKES)),
            stop,
        })
    }

    /// Accepts on `tcp` until stopped, then lets requests in flight finish.
    pub(super) async fn run(self: Arc<Self>, tcp: TcpListener) {
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => break,
                accepted = tcp.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => match self.slots.take(address.ip().into()) {
                    Some(slot) => drop(tasks.spawn(Arc::clone(&self).serve(stream, address, slot))),
                    None => self.metrics.connection_refused("limit"),
                },
                Err(error) => self.pause_after(&error).await,
            }
        }
        tasks.close();
        if timeout(GRACE, tasks.wait()).await.is_err() {
            tracing::warn!("some requests did not finish in time");
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, address: SocketAddr, _slot: Slot) {
        let stream = tokio::select! {
            () = self.stop.cancelled() => return,
            done = timeout(PATIENCE, self.handshake(stream)) => done,
        };
        match stream {
            Ok(Ok(stream)) => {
                self.metrics.connections.inc();
                self.converse(stream, address.ip().into()).await;
                self.metrics.connections.dec();
            }
            Ok(Err(_)) | Err(_) => self.metrics.connection_refused("handshake"),
        }
    }

    async fn handshake(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let _permit = self.handshakes.acquire().await.map_err(io::Error::other)?;
        stream.set_nodelay(true)?;
        self.tls.accept(stream).await
    }

    async fn converse(&self, stream: TlsStream<TcpStream>, source: Source) {
        let router = self.router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(source);
            router.clone().oneshot(request.map(Body::new))
        });
        let builder = builder();
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        // How it ends is the peer's business.
        drop(connection.await);
    }

    async fn pause_after(&self, error: &io::Error) {
        if !matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
        ) {
            tracing::error!(%error, "cannot accept connections");
            self.metrics.connection_refused("accept");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(64)
        .max_buf_size(32 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(16 << 10)
        .max_concurrent_streams(128)
        .max_pending_accept_reset_streams(32)
        .max_local_error_reset_streams(32)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PATIENCE);
    builder
}
