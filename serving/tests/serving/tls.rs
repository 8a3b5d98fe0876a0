//! The serving certificate, as clients see it.

use std::{path::PathBuf, sync::Arc};

use rustls::{ServerConfig, pki_types::ServerName};
use strongroom_serving::{
    accept::Limits,
    tls::{ServingCertificate, client_config, server_config},
};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    client::{ask, read_to},
    server::Server,
};

pub const HOST: &str = "prod.team-a.svc";

/// A directory with a certificate that is its own authority.
pub struct Pair {
    directory: TempDir,
}

impl Pair {
    pub fn make() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let pair = Self { directory };
        pair.renew();
        pair
    }

    /// Replaces certificate and key.
    fn renew(&self) {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
        std::fs::write(self.chain(), made.cert.pem()).unwrap();
        let key = self.directory.path().join("tls.key");
        std::fs::write(key, made.signing_key.serialize_pem()).unwrap();
    }

    pub fn chain(&self) -> PathBuf {
        self.directory.path().join("tls.crt")
    }

    fn certificate(&self) -> Arc<ServingCertificate> {
        ServingCertificate::load(self.directory.path()).unwrap()
    }

    pub fn server_config(&self) -> ServerConfig {
        server_config(self.certificate()).unwrap()
    }
}

/// Connects as a client that trusts what is in the pair's file now, and speaks `protocol`.
async fn connect(pair: &Pair, server: &Server, protocol: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut config = (*client_config(&pair.chain()).unwrap()).clone();
    config.alpn_protocols = vec![protocol.to_vec()];
    let tcp = TcpStream::connect(server.address).await?;
    TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from(HOST).unwrap(), tcp)
        .await
}

#[tokio::test]
async fn a_request_reaches_the_router_with_its_peer() {
    let pair = Pair::make();
    let server = Server::start(Limits::default(), Some(pair.server_config()));
    let mut stream = connect(&pair, &server, b"http/1.1").await.unwrap();
    let own = stream.get_ref().0.local_addr().unwrap();
    ask(&mut stream, "/").await;
    read_to(&mut stream, &format!("{own} Some(TLSv1_3)")).await;
    let stream = connect(&pair, &server, b"h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
}

#[tokio::test]
async fn new_connections_show_the_certificate_that_was_read_last() {
    let pair = Pair::make();
    let certificate = pair.certificate();
    let tls = server_config(Arc::clone(&certificate)).unwrap();
    let server = Server::start(Limits::default(), Some(tls));
    let mut old = connect(&pair, &server, b"http/1.1").await.unwrap();
    pair.renew();
    assert!(connect(&pair, &server, b"http/1.1").await.is_err());
    assert!(certificate.reload().unwrap());
    connect(&pair, &server, b"http/1.1").await.unwrap();
    ask(&mut old, "/").await;
    read_to(&mut old, "Some(TLSv1_3)").await;
}
