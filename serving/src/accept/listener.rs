//! Accepts connections until the drain begins; those that are open finish.

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

use super::{
    Counts, Drain, Limits, Peer, Source,
    activity::Ended,
    connection::serve,
    slots::{Bounds, NoSlot, Slot, Slots},
};

/// How long to wait before the next try where the system cannot accept, for want of file descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
    /// A listener on `tcp`, which must be non-blocking, with `tls` or, for a port whose answers are no secret, without.
    /// It counts the connections that it opens and refuses in `counts`.
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

    /// Accepts until the drain begins, on the current runtime.
    pub async fn run(self) {
        let tcp = match self.tcp.try_clone().and_then(TcpListener::from_std) {
            Ok(tcp) => tcp,
            Err(error) => return tracing::error!(%error, "cannot listen"),
        };
        let limits = &self.limits;
        let open = Slots::new(Bounds::open(limits));
        let shaking = Slots::new(Bounds::shaking(limits));
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
            match take(&open, &shaking, address.ip().into()) {
                Ok((open, shaking)) => self.admit(tcp, address, open, shaking),
                Err(reason) => self.counts.refused(reason),
            }
        }
    }

    fn admit(&self, tcp: TcpStream, address: SocketAddr, open: Slot, shaking: Slot) {
        let (tls, router, limits) = (self.tls.clone(), self.router.clone(), Arc::clone(&self.limits));
        let (counts, drain) = (self.counts.clone(), self.drain.clone());
        self.drain.spawn(async move {
            let Some(tls) = tls else {
                drop(shaking);
                let peer = Peer {
                    address,
                    tls: None,
                    certificates: Arc::default(),
                };
                if serve(tcp, peer, false, router, &limits, &drain, &open).await == Some(Ended::Stalled) {
                    counts.refused("stalled");
                }
                return;
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
                    let ended = serve(stream, peer, is_http2, router, &limits, &drain, &open).await;
                    if ended == Some(Ended::Stalled) {
                        counts.refused("stalled");
                    }
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

/// A slot of each kind for a connection from `source`, or why it gets none. A source that is at one of its limits gets
/// neither, before any other connection makes room for it.
fn take(open: &Arc<Slots>, shaking: &Arc<Slots>, source: Source) -> Result<(Slot, Slot), &'static str> {
    shaking.check(source).map_err(|_| "handshakes")?;
    let open = open.take(source).map_err(NoSlot::reason)?;
    let shaking = shaking.take(source).map_err(|_| "handshakes")?;
    Ok((open, shaking))
}

/// The peer as the handshake showed it, and whether both agreed on HTTP/2.
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

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn a_source_at_one_of_its_limits_takes_the_place_of_nobody() {
        let [one, other] = [1, 2].map(|last| Source::from(IpAddr::from([10, 0, 0, last])));
        // Both tables are full, and each source is at its limit of the other kind.
        for (of_open, of_shaking, reason) in [(9, 1, "handshakes"), (1, 9, "source")] {
            let [open, shaking] = [of_open, of_shaking].map(|per_source| {
                Slots::new(Bounds {
                    total: 2,
                    per_source,
                    unproven: 1,
                    proven: 1,
                })
            });
            let held = [one, other].map(|source| take(&open, &shaking, source).unwrap());
            assert_eq!(take(&open, &shaking, one).unwrap_err(), reason);
            let lost = held
                .iter()
                .filter(|(open, shaking)| open.is_revoked() || shaking.is_revoked());
            assert_eq!(lost.count(), 0, "{reason}");
        }
    }
}
