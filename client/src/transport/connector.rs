//! Opens connections: route, TLS under the pinned name, what was negotiated.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use parking_lot::Mutex;
use rustls::pki_types::ServerName;
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::Protocol;
use crate::{
    server::{Route, Server, Stream},
    trust::Trust,
};

/// The time for opening a connection to one address, and again for TLS.
const STEP: Duration = Duration::from_secs(4);

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConnectError {
    /// The host name has no address.
    #[error("{host} has no address: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Resolve { host: String, source: Arc<io::Error> },
    /// Nothing answers at the address.
    #[error("{route}: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Open { route: String, source: Arc<io::Error> },
    /// The server's name cannot stand in a certificate.
    #[error("{0:?} is not a server name")]
    Name(String),
    /// TLS failed; an untrusted certificate, or one of another name, is here.
    #[error("TLS failed: {0}")]
    Handshake(Arc<io::Error>),
    /// The request that was opening the connection for others too was given up.
    #[error("the attempt was given up")]
    Abandoned,
    /// A step took too long.
    #[error("no {step} within {} s", after.as_secs())]
    Slow {
        /// What did not come.
        step: &'static str,
        /// The time it had.
        after: Duration,
    },
}

impl ConnectError {
    /// Whether a later attempt may succeed: an untrusted certificate mends itself only with a new trust bundle.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Resolve { .. } | Self::Open { .. } | Self::Abandoned | Self::Slow { .. } => true,
            Self::Name(_) => false,
            Self::Handshake(_) => !self.is_untrusted(),
        }
    }

    /// Whether the server showed a certificate that is not trusted, or of another name.
    pub fn is_untrusted(&self) -> bool {
        let Self::Handshake(source) = self else {
            return false;
        };
        let tls = source
            .get_ref()
            .and_then(|source| source.downcast_ref::<rustls::Error>());
        matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
    }
}

/// Opens connections to one server.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Inner>);

struct Inner {
    server: Server,
    trust: Trust,
    protocol: Protocol,
    /// A connection that was opened ahead of the request that will use it. The lock is held while one is opened, so that a
    /// request that comes meanwhile waits for that one.
    prepared: tokio::sync::Mutex<Option<TlsIo>>,
    /// Alive while a connection is open.
    open: Mutex<Weak<()>>,
    /// Why the last attempt failed. The requests that waited for that attempt learn it nowhere else.
    failure: Mutex<Option<ConnectError>>,
}

impl Connector {
    pub(super) fn new(server: Server, trust: Trust, protocol: Protocol) -> Self {
        Self(Arc::new(Inner {
            server,
            trust,
            protocol,
            prepared: tokio::sync::Mutex::new(None),
            open: Mutex::new(Weak::new()),
            failure: Mutex::new(None),
        }))
    }

    /// Opens a connection for the next request, if none is open.
    pub(super) async fn prepare(&self) -> Result<(), ConnectError> {
        let mut prepared = self.0.prepared.lock().await;
        if self.0.open.lock().strong_count() == 0 {
            *prepared = Some(self.0.connect().await?);
        }
        Ok(())
    }

    /// Why there is no connection, as the last attempt found.
    pub(super) fn failure(&self) -> ConnectError {
        let failure = self.0.failure.lock();
        failure.clone().unwrap_or(ConnectError::Abandoned)
    }
}

impl tower::Service<Uri> for Connector {
    type Response = TlsIo;
    type Error = ConnectError;
    type Future = BoxFuture<'static, Result<TlsIo, ConnectError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    /// The URI has no say: every connection goes to the one server.
    fn call(&mut self, _: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let prepared = inner.prepared.lock().await.take();
            let outcome = match prepared {
                Some(stream) => Ok(stream),
                None => inner.connect().await,
            };
            let failure = outcome.as_ref().err().cloned();
            *inner.failure.lock() = failure;
            outcome
        })
    }
}

impl Inner {
    async fn connect(&self) -> Result<TlsIo, ConnectError> {
        let name = ServerName::try_from(self.server.name().to_owned())
            .map_err(|_| ConnectError::Name(self.server.name().to_owned()))?;
        let stream = open(self.server.route()).await?;
        let mut config = (*self.trust.config()).clone();
        config.alpn_protocols = match self.protocol {
            Protocol::Http2 => vec![b"h2".to_vec()],
            Protocol::Negotiated => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        };
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let stream = timeout(STEP, handshake)
            .await
            .map_err(|_| ConnectError::Slow {
                step: "TLS handshake",
                after: STEP,
            })?
            .map_err(|source| ConnectError::Handshake(Arc::new(source)))?;
        let open = Arc::new(());
        *self.open.lock() = Arc::downgrade(&open);
        Ok(TlsIo {
            stream: TokioIo::new(stream),
            _open: open,
        })
    }
}

async fn open(route: &Route) -> Result<Box<dyn Stream>, ConnectError> {
    match route {
        Route::Socket(address) => open_one(*address).await,
        Route::Host { host, port } => open_any(host, *port).await,
        Route::Dial(dial) => timeout(STEP, dial.dial())
            .await
            .map_err(|_| ConnectError::Slow {
                step: "forwarded connection",
                after: STEP,
            })?
            .map_err(|source| ConnectError::Open {
                route: route.to_string(),
                source: Arc::new(source),
            }),
    }
}

/// Tries every address of `host` in turn; the error is the last one's.
async fn open_any(host: &str, port: u16) -> Result<Box<dyn Stream>, ConnectError> {
    let unresolved = |source| ConnectError::Resolve {
        host: host.to_owned(),
        source: Arc::new(source),
    };
    let addresses = timeout(STEP, tokio::net::lookup_host((host, port)))
        .await
        .map_err(|_| ConnectError::Slow {
            step: "answer of the resolver",
            after: STEP,
        })?
        .map_err(unresolved)?;
    let mut last = unresolved(io::ErrorKind::NotFound.into());
    for address in addresses {
        match open_one(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn open_one(address: SocketAddr) -> Result<Box<dyn Stream>, ConnectError> {
    let failed = |source| ConnectError::Open {
        route: address.to_string(),
        source: Arc::new(source),
    };
    let stream = timeout(STEP, TcpStream::connect(address))
        .await
        .map_err(|_| ConnectError::Slow {
            step: "connection",
            after: STEP,
        })?
        .map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    Ok(Box::new(stream))
}

/// A connection under TLS.
pub(crate) struct TlsIo {
    stream: TokioIo<TlsStream<Box<dyn Stream>>>,
    _open: Arc<()>,
}

impl Connection for TlsIo {
    fn connected(&self) -> Connected {
        let (_, session) = self.stream.inner().get_ref();
        match session.alpn_protocol() {
            Some(b"h2") => Connected::new().negotiated_h2(),
            _ => Connected::new(),
        }
    }
}

impl Read for TlsIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Write for TlsIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }
}
