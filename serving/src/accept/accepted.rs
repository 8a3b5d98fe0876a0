//! One accepted connection: its handshake, then what answers on it.

use std::{io, net::SocketAddr, pin::Pin, sync::Arc};

use rustls::AlertDescription;
use tokio::{
    net::{TcpStream, UnixStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    Counts, Drain, Handler, Limits, Peer, Wire,
    activity::Ended,
    connection::{Within, serve, serve_own},
    counts::DISTRUSTED,
    slots::Slot,
    socket::Connected,
};

/// What serves a connection that speaks a protocol of its own.
pub(super) type Own = Arc<dyn Fn(Wire) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// What answers on the connections of a listener.
#[derive(Clone)]
pub(super) enum Answers {
    /// HTTP by what TLS agrees on, or HTTP/1.1 without TLS.
    Port(Option<TlsAcceptor>, Arc<dyn Handler>),
    /// HTTP/2, as gRPC has it, on a socket of the file system.
    Grpc(Arc<dyn Handler>),
    Own(Own),
}

/// One connection, and what it is served with.
pub(super) struct Accepted {
    pub(super) answers: Answers,
    pub(super) limits: Arc<Limits>,
    pub(super) counts: Counts,
    pub(super) drain: Drain,
    pub(super) open: Slot,
}

impl Accepted {
    /// Serves it until its end, and counts why the server ended it.
    pub(super) async fn serve(self, connected: Connected, shaking: Slot) {
        let ended = match (connected, &self.answers) {
            (Connected::Port(tcp, address), Answers::Port(Some(tls), handler)) => {
                self.over_tls(tcp, address, tls.clone(), Arc::clone(handler), shaking)
                    .await
            }
            (Connected::Port(tcp, address), Answers::Port(None, handler)) => {
                drop(shaking);
                let peer = Peer {
                    address,
                    tls: None,
                    certificates: Arc::default(),
                };
                serve(tcp, Some(peer), false, Arc::clone(handler), self.within()).await
            }
            (Connected::File(unix), answers) => {
                drop(shaking);
                self.of_file(unix, answers).await
            }
            // No port has another protocol.
            (Connected::Port(..), Answers::Grpc(_) | Answers::Own(_)) => None,
        };
        if ended == Some(Ended::Stalled) {
            self.counts.refused("stalled");
        }
    }

    async fn of_file(&self, unix: UnixStream, answers: &Answers) -> Option<Ended> {
        match answers {
            Answers::Grpc(handler) => serve(unix, None, true, Arc::clone(handler), self.within()).await,
            Answers::Own(own) => serve_own(unix, |wire| own(wire), self.within()).await,
            Answers::Port(..) => None,
        }
    }

    async fn over_tls(
        &self,
        tcp: TcpStream,
        address: SocketAddr,
        tls: TlsAcceptor,
        handler: Arc<dyn Handler>,
        shaking: Slot,
    ) -> Option<Ended> {
        let Self {
            limits,
            counts,
            drain,
            open,
            ..
        } = self;
        let stream = tokio::select! {
            () = drain.begun() => return None,
            () = shaking.revoked() => {
                counts.refused("handshakes");
                return None;
            }
            () = open.revoked() => {
                counts.refused("total");
                return None;
            }
            done = timeout(limits.handshake_timeout, handshake(tls, tcp)) => done,
        };
        drop(shaking);
        match stream {
            Ok(Ok(stream)) => {
                let (peer, is_http2) = session(&stream, address);
                let _open = counts.opened();
                return serve(stream, Some(peer), is_http2, handler, self.within()).await;
            }
            Ok(Err(error)) => counts.refused(reason_of(&error)),
            Err(_) => counts.refused("handshake_timeout"),
        }
        None
    }

    fn within(&self) -> Within<'_> {
        Within {
            limits: &self.limits,
            drain: &self.drain,
            slot: &self.open,
        }
    }
}

/// Why a handshake failed: the peer says so itself where it does not trust our certificate.
fn reason_of(error: &io::Error) -> &'static str {
    let error = error.get_ref().and_then(|inner| inner.downcast_ref());
    match error {
        Some(rustls::Error::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA,
        )) => DISTRUSTED,
        _ => "handshake",
    }
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
