//! A server: its name, and the route to it.

use std::{fmt, io, net::SocketAddr, sync::Arc};

use futures::future::BoxFuture;
use strongroom_core::{
    NamespaceName, VaultRef,
    reference::{IDENTITY_SERVICE, service_host},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// A connection below TLS.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens connections in a way of its own, as a port forward does.
pub trait Dial: Send + Sync {
    /// Opens a connection to the server, below TLS.
    fn dial(&self) -> BoxFuture<'static, io::Result<Box<dyn Stream>>>;
}

/// How a client reaches a server. The route does not decide whether it is the right server: the certificate does.
#[derive(Clone)]
pub enum Route {
    /// By a host name that the resolver knows.
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Host { host: String, port: u16 },
    /// At an address.
    Socket(SocketAddr),
    /// By connections that someone else opens.
    Dial(Arc<dyn Dial>),
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host, port } => write!(f, "{host}:{port}"),
            Self::Socket(address) => write!(f, "{address}"),
            Self::Dial(_) => f.write_str("a forwarded connection"),
        }
    }
}

/// A server: the name its certificate must have, which is also the Host of requests, and the route to it.
#[derive(Debug, Clone)]
pub struct Server {
    name: String,
    route: Route,
}

impl Server {
    /// The server called `name` in its certificate, reached at that name on port 443.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        let route = Route::Host {
            host: name.clone(),
            port: 443,
        };
        Self { name, route }
    }

    /// The Service of a vault.
    pub fn vault(vault: &VaultRef) -> Self {
        Self::new(vault.host())
    }

    /// The identity service of the installation in `release_namespace`.
    pub fn identity(release_namespace: &NamespaceName) -> Self {
        Self::new(service_host(IDENTITY_SERVICE, release_namespace))
    }

    /// The same server, reached by `route`.
    #[must_use]
    pub fn by(self, route: Route) -> Self {
        Self { route, ..self }
    }

    /// The name in its certificate.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The way to it.
    pub fn route(&self) -> &Route {
        &self.route
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.route {
            Route::Host { host, port: 443 } if *host == self.name => f.write_str(&self.name),
            route => write!(f, "{} at {route}", self.name),
        }
    }
}
