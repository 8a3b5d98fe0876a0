//! A TLS server on loopback, as a vault's, that can be stopped and counts connections.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use strongroom_client::{Route, Server, Trust, vault::VaultClient};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::TlsAcceptor;

/// The vault's name.
pub const HOST: &str = "prod.team-a.svc";

/// A CA.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    fn acceptor(&self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([host.to_owned()])
            .unwrap()
            .signed_by(&key, &self.0)
            .unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config).into()
    }
}

/// A running server; dropping it breaks its connections.
pub struct Served {
    pub address: SocketAddr,
    pem: String,
    connections: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

impl Served {
    pub async fn start(authority: &Authority, host: &str, router: Router) -> Self {
        Self::start_at(authority, host, router, "127.0.0.1:0".parse().unwrap()).await
    }

    pub async fn start_at(authority: &Authority, host: &str, router: Router, address: SocketAddr) -> Self {
        let tcp = TcpListener::bind(address).await.unwrap();
        let address = tcp.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (acceptor, counter) = (authority.acceptor(host), Arc::clone(&connections));
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = tcp.accept().await.unwrap();
                let (acceptor, router, counter) = (acceptor.clone(), router.clone(), Arc::clone(&counter));
                open.spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    counter.fetch_add(1, Ordering::SeqCst);
                    let service = TowerToHyperService::new(router);
                    drop(
                        Builder::new(TokioExecutor::new())
                            .serve_connection(TokioIo::new(stream), service)
                            .await,
                    );
                });
            }
        });
        Self {
            address,
            pem: authority.pem(),
            connections,
            _task: task,
        }
    }

    pub fn client(&self) -> VaultClient {
        let server = Server::new(HOST).by(Route::Socket(self.address));
        VaultClient::new(&server, Trust::from_pem(self.pem.as_bytes()).unwrap())
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}
