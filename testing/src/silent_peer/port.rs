//! Where a peer connects: a port with TLS or without, or a socket of the file system.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use strongroom_serving::tls::{authorities, client_config};
use tokio::net::{TcpSocket, UnixStream};
use tokio_rustls::TlsConnector;

use super::{Http, SilentPeer, Stream};
use crate::authority::Signed;

/// A listening port, or a socket.
#[derive(Debug, Clone)]
pub struct Port {
    place: Place,
    host: String,
    tls: Option<Arc<ClientConfig>>,
}

#[derive(Debug, Clone)]
enum Place {
    Address(SocketAddr),
    File(PathBuf),
}

impl Port {
    /// A port without TLS, which speaks HTTP/1.1.
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            place: Place::Address(address),
            host: address.to_string(),
            tls: None,
        }
    }

    /// A port whose certificate for `host` comes from an authority in the file `trust_bundle`.
    pub fn tls(address: SocketAddr, host: &str, trust_bundle: &Path) -> Self {
        Self {
            place: Place::Address(address),
            host: host.to_owned(),
            tls: Some(client_config(trust_bundle).unwrap()),
        }
    }

    /// The same, to which the peer shows a certificate.
    #[must_use]
    pub fn showing(self, shown: &Signed, trust_bundle: &Path) -> Self {
        let chain = CertificateDer::from_pem_slice(shown.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(shown.key.as_bytes()).unwrap();
        let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(authorities(trust_bundle).unwrap())
            .with_client_auth_cert(vec![chain], key)
            .unwrap();
        Self {
            tls: Some(Arc::new(tls)),
            ..self
        }
    }

    /// A socket at `path`, which speaks HTTP/2.
    pub fn unix(path: &Path) -> Self {
        Self {
            place: Place::File(path.to_owned()),
            host: "localhost".to_owned(),
            tls: None,
        }
    }

    /// What can be spoken there.
    pub fn speaks(&self) -> &'static [Http] {
        match (&self.place, &self.tls) {
            (Place::Address(_), None) => &[Http::One],
            (Place::Address(_), Some(_)) => &[Http::One, Http::Two],
            (Place::File(_), _) => &[Http::Two],
        }
    }

    /// A connection from `source`, an address of this machine.
    ///
    /// # Errors
    /// Where the server does not accept it.
    pub async fn open(&self, source: Ipv4Addr, http: Http) -> io::Result<SilentPeer> {
        let bare = self.connect(source).await?;
        let stream: Box<dyn Stream> = match &self.tls {
            None => bare,
            Some(tls) => {
                let mut tls = ClientConfig::clone(tls);
                let protocol: &[u8] = if http == Http::Two { b"h2" } else { b"http/1.1" };
                tls.alpn_protocols = vec![protocol.to_vec()];
                let name = ServerName::try_from(self.host.clone()).unwrap();
                Box::new(TlsConnector::from(Arc::new(tls)).connect(name, bare).await?)
            }
        };
        Ok(SilentPeer::over(stream, &self.host, http))
    }

    /// A connection on which nothing was said, not even the first of a handshake.
    ///
    /// # Errors
    /// Where the server does not accept it.
    pub async fn open_bare(&self, source: Ipv4Addr) -> io::Result<SilentPeer> {
        let bare = self.connect(source).await?;
        Ok(SilentPeer::over(bare, &self.host, Http::One))
    }

    async fn connect(&self, source: Ipv4Addr) -> io::Result<Box<dyn Stream>> {
        match &self.place {
            Place::File(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Place::Address(address) => {
                let socket = TcpSocket::new_v4()?;
                socket.bind((source, 0).into())?;
                let tcp = socket.connect(*address).await?;
                tcp.set_nodelay(true)?;
                Ok(Box::new(tcp))
            }
        }
    }
}
