//! A TLS server on this machine, as a vault's or the identity service's, that can be stopped and counts connections.

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
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use crate::Authority;

/// A running server. Dropped, it and its connections are gone.
#[derive(Debug)]
pub struct TlsServer {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinSet<()>,
}

impl TlsServer {
    /// Serves `router` as `host` on a free port of 127.0.0.1.
    pub async fn start(authority: &Authority, host: &str, router: Router) -> Self {
        Self::start_at(authority, host, router, "127.0.0.1:0".parse().unwrap()).await
    }

    /// Serves `router` as `host` at `address`.
    pub async fn start_at(authority: &Authority, host: &str, router: Router, address: SocketAddr) -> Self {
        Self::start_as(authority.acceptor(host), router, address).await
    }

    /// Serves `router` at `address` behind what `acceptor` shows.
    pub async fn start_as(acceptor: TlsAcceptor, router: Router, address: SocketAddr) -> Self {
        let tcp = TcpListener::bind(address).await.unwrap();
        let address = tcp.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = tcp.accept().await.unwrap();
                open.spawn(serve(
                    stream,
                    acceptor.clone(),
                    router.clone(),
                    Arc::clone(&counter),
                ));
            }
        });
        Self {
            address,
            connections,
            task,
        }
    }

    /// Ends it; its address is free then.
    pub async fn stop(mut self) {
        self.task.shutdown().await;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections got through their handshake so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, router: Router, counter: Arc<AtomicUsize>) {
    stream.set_nodelay(true).unwrap();
    // A client that does not trust this server ends here.
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    counter.fetch_add(1, Ordering::SeqCst);
    let builder = Builder::new(TokioExecutor::new());
    let service = TowerToHyperService::new(router);
    drop(builder.serve_connection(TokioIo::new(stream), service).await);
}
