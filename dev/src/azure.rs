//! A vault under its name of Azure (`NAME.vault.azure.net`), for an application that knows no other.
//!
//! The certificate of such a name is of an authority of its own, which signs for nothing else. One port shows one of two certificates
//! by the name that the client asks for, and passes what it hears on to the vault:
//!
//! ```text
//!   client --TLS, prod.vault.azure.net--> this port --TLS, prod.vault.localhost--> vault
//! ```

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::ServerName,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use strongroom_core::VaultName;
use strongroom_serving::{
    accept::Drain,
    tls::{TlsError, client_config},
};
use time::OffsetDateTime;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::{
    authority::{Authority, AuthorityError, Issued},
    names::{AZURE, is_below},
    proxy,
};

/// How long a handshake and a connection to the vault may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is spoken within TLS: HTTP/2, and HTTP/1.1.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why a vault is not reached by its name of Azure.
#[derive(Debug, thiserror::Error)]
pub enum AzureError {
    /// The certificate cannot be made.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A certificate cannot be used.
    #[error("cannot use a certificate: {0}")]
    Certificate(#[from] rustls::Error),
    /// Nobody can be trusted.
    #[error(transparent)]
    Trust(#[from] TlsError),
    /// The host is no name.
    #[error("{0} is no name of a server")]
    Name(String),
    /// The port cannot be served.
    #[error("cannot serve names of Azure: {0}")]
    Serve(#[from] io::Error),
}

/// The certificates of one port.
pub(crate) struct Shown {
    /// For names of Azure.
    azure: Arc<CertifiedKey>,
    /// For every other.
    usual: Arc<CertifiedKey>,
}

impl Shown {
    /// One of a vault that the authority of such names signs, and the usual one.
    pub(crate) fn new(
        azure: &Authority,
        vault: &VaultName,
        usual: &Issued,
        now: OffsetDateTime,
    ) -> Result<Self, AzureError> {
        let own = azure.issue(&[format!("{vault}.{AZURE}")], now)?;
        Ok(Self {
            azure: own.certified()?.into(),
            usual: usual.certified()?.into(),
        })
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_azures = hello.server_name().is_some_and(|name| is_below(name, &[AZURE]));
        Some(Arc::clone(if is_azures { &self.azure } else { &self.usual }))
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

/// The vault behind a port.
pub(crate) struct Behind {
    /// Where it listens.
    address: SocketAddr,
    /// The name that its certificate has.
    host: ServerName<'static>,
    /// Whom to trust for it.
    trust: Arc<ClientConfig>,
}

impl Behind {
    /// The one at `address`, whose certificate is of this authority.
    pub(crate) fn new(address: SocketAddr, host: &str, authority: &Authority) -> Result<Self, AzureError> {
        let name = ServerName::try_from(host.to_owned());
        Ok(Self {
            address,
            host: name.map_err(|_| AzureError::Name(host.to_owned()))?,
            trust: client_config(authority.certificate_file())?,
        })
    }
}

/// A port that passes on what it hears.
struct Front {
    acceptor: TlsAcceptor,
    behind: Behind,
}

/// Serves on `tcp` until the drain begins. To be called on a runtime.
///
/// # Errors
/// The system's, and those of the certificates.
pub(crate) fn serve(
    drain: &Drain,
    tcp: std::net::TcpListener,
    shown: Shown,
    behind: Behind,
) -> Result<(), AzureError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    tcp.set_nonblocking(true)?;
    let listener = TcpListener::from_std(tcp)?;
    let front = Arc::new(Front {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        behind,
    });
    proxy::accept(drain, listener, move |stream| {
        let front = Arc::clone(&front);
        async move { front.pass(stream).await }
    });
    Ok(())
}

impl Front {
    /// Passes one connection on, in the protocol that the client chose.
    async fn pass(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut client = timeout(PATIENCE, self.acceptor.accept(stream)).await??;
        let protocol = client.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        let mut config = ClientConfig::clone(&self.behind.trust);
        config.alpn_protocols = protocol.into_iter().collect();
        let server = timeout(PATIENCE, TcpStream::connect(self.behind.address)).await??;
        server.set_nodelay(true)?;
        let connecting = TlsConnector::from(Arc::new(config)).connect(self.behind.host.clone(), server);
        let mut server = timeout(PATIENCE, connecting).await??;
        copy_bidirectional(&mut client, &mut server).await.map(drop)
    }
}
