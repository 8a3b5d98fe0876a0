//! Accepts connections until told to stop, then lets those open finish.

use std::{
    io,
    net::{self, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Counts, Limits, Peer, Source,
    connection::serve,
    slots::{Slot, Slots},
};

/// How long requests in flight may take to finish.
const GRACE: Duration = Duration::from_secs(10);

/// How long to wait when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The signal to stop, and those who are still busy.
#[derive(Debug, Clone, Default)]
pub struct Drain {
    token: CancellationToken,
    tasks: TaskTracker,
}

impl Drain {
    /// Tells every listener to stop accepting and every connection to finish.
    pub fn begin(&self) {
        self.token.cancel();
        self.tasks.close();
    }

    /// Whether stopping has begun.
    pub fn has_begun(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until stopping begins: streams that would never end listen to it.
    pub async fn begun(&self) {
        self.token.cancelled().await;
    }

    /// Runs `task`, which is waited for like a connection.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Waits until every connection has finished, at most ten seconds; true when all have.
    pub async fn finished(&self) -> bool {
        timeout(GRACE, self.tasks.wait()).await.is_ok()
    }
}

/// A listener that hands requests to a router.
pub struct Listener {
    tcp: net::TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Arc<Limits>,
    counts: Counts,
    drain: Drain,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener")
            .field("tcp", &self.tcp)
            .finish_non_exhaustive()
    }
}

impl Listener {
    /// A listener on `tcp` (which must not block), with TLS or (for what anybody may see) without. What it opens and
    /// refuses is counted in `counts`.
    pub fn new(
        tcp: net::TcpListener,
        tls: Option<ServerConfig>,
        router: Router,
        limits: Limits,
        counts: Counts,
        drain: Drain,
    ) -> Self {
        let tls = tls.map(|tls| Arc::new(tls).into());
        Self {
            tcp,
            tls,
            router,
            limits: Arc::new(limits),
            counts,
            drain,
        }
    }

    /// Accepts until the drain begins, on the runtime it is called on.
    pub async fn run(self) {
        let tcp = match self.tcp.try_clone().and_then(TcpListener::from_std) {
            Ok(tcp) => tcp,
            Err(error) => return tracing::error!(%error, "cannot listen"),
        };
        let limits = &self.limits;
        let open = Slots::new(limits.connections, limits.connections_per_source);
        let shaking = Slots::new(limits.handshakes, limits.handshakes_per_source);
        loop {
            let accepted = tokio::select! {
                () = self.drain.begun() => return,
                accepted = tcp.accept() => accepted,
            };
            let (tcp, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.accept_failed(&error).await;
                    continue;
                }
            };
            let source = Source::from(address.ip());
            match (open.take(source), shaking.take(source)) {
                (Ok(open), Ok(shaking)) => self.admit(tcp, address, open, shaking),
                (Err(refused), _) => self.counts.refused(refused.reason()),
                (_, Err(_)) => self.counts.refused("handshakes"),
            }
        }
    }

    fn admit(&self, tcp: TcpStream, address: SocketAddr, open: Slot, shaking: Slot) {
        let (tls, router, limits) = (self.tls.clone(), self.router.clone(), Arc::clone(&self.limits));
        let (counts, drain) = (self.counts.clone(), self.drain.clone());
        self.drain.tasks.spawn(async move {
            let Some(tls) = tls else {
                drop(shaking);
                let peer = Peer {
                    address,
                    tls: None,
                    certificates: Arc::default(),
                };
                return serve(tcp, peer, false, router, &limits, &drain, &open).await;
            };
            let stream = tokio::select! {
                () = drain.begun() => return,
                () = shaking.revoked() => return counts.refused("handshakes"),
                () = open.revoked() => return counts.refused("total"),
                done = timeout(limits.handshake_timeout, handshake(tls, tcp)) => done,
            };
            drop(shaking);
            match stream {
                Ok(Ok(stream)) => {
                    let (peer, is_http2) = session(&stream, address);
                    let _open = counts.opened();
                    serve(stream, peer, is_http2, router, &limits, &drain, &open).await;
                }
                Ok(Err(_)) => counts.refused("handshake"),
                Err(_) => counts.refused("handshake_timeout"),
            }
        });
    }

    async fn accept_failed(&self, error: &io::Error) {
        if !matches!(
            error.kind(),
            io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
        ) {
            tracing::error!(%error, "cannot accept connections");
            self.counts.refused("accept");
            sleep(ACCEPT_PAUSE).await;
        }
    }
}

/// What the handshake settled: the peer, and whether HTTP/2 is spoken.
fn session(stream: &TlsStream<TcpStream>, address: SocketAddr) -> (Peer, bool) {
    let (_, session) = stream.get_ref();
    let shown = session.peer_certificates().unwrap_or_default().iter();
    let certificates = shown
        .map(|certificate| certificate.clone().into_owned())
        .collect();
    let peer = Peer {
        address,
        tls: session.protocol_version(),
        certificates,
    };
    (peer, session.alpn_protocol() == Some(b"h2"))
}

async fn handshake(tls: TlsAcceptor, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    tcp.set_nodelay(true)?;
    tls.accept(tcp).await
}
