//! A router over TLS with nothing around it: no limits, no drain, no log.

use std::{net::TcpListener, path::Path, sync::Arc};

use anyhow::{Context, Result};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

/// Serves `router` on `tcp` with the certificate in `directory`, until the process ends.
pub async fn run(tcp: TcpListener, directory: &Path, router: Router) -> Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(config(directory)?));
    tcp.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(tcp)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
        tokio::spawn(async move {
            stream.set_nodelay(true)?;
            let tls = acceptor.accept(stream).await?;
            http1::Builder::new()
                .serve_connection(TokioIo::new(tls), service)
                .await?;
            anyhow::Ok(())
        });
    }
}

fn config(directory: &Path) -> Result<ServerConfig> {
    let at = |name: &str| directory.join(name);
    let chain = CertificateDer::pem_file_iter(at("tls.crt"))?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(at("tls.key")).context("cannot read tls.key")?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?)
}
