//! TLS: configurations of servers and clients, from certificates in files.

mod certificate;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, pem, pem::PemObject},
};

pub use certificate::ServingCertificate;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    /// A file holds no PEM of the kind expected.
    #[error("cannot read the PEM of {path}")]
    Pem { path: PathBuf, source: pem::Error },
    /// A file holds no certificate.
    #[error("{path} holds no certificate")]
    Empty { path: PathBuf },
    /// A certificate, a key, or the two together, cannot be used.
    #[error("cannot use {path}")]
    Unusable { path: PathBuf, source: rustls::Error },
    /// The library refuses TLS 1.2 and 1.3.
    #[error("cannot configure TLS")]
    Versions(#[source] rustls::Error),
}

/// A server that shows `certificate` whatever name the client asks for, asks for no client certificate, and speaks HTTP/2
/// and HTTP/1.1.
///
/// # Errors
/// [`TlsError::Versions`].
pub fn server_config(certificate: Arc<ServingCertificate>) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Versions)?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// A client that trusts the authorities in the PEM file `trust_bundle` and no others.
///
/// # Errors
/// Those of [`authorities`], and [`TlsError::Versions`].
pub fn client_config(trust_bundle: &Path) -> Result<Arc<ClientConfig>, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Versions)?;
    Ok(Arc::new(
        builder
            .with_root_certificates(authorities(trust_bundle)?)
            .with_no_client_auth(),
    ))
}

/// The certificates of authorities in the PEM file `path`, at least one.
///
/// # Errors
/// The file cannot be read, is not PEM, holds no certificate, or one that cannot be an authority's.
pub fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, &read(path)?)? {
        roots.add(certificate).map_err(|source| TlsError::Unusable {
            path: path.to_owned(),
            source,
        })?;
    }
    Ok(roots)
}

/// The one cryptographic library, also where a dependency brings another.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Every certificate in the PEM text `pem`, at least one. `path` is where it was read.
fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|source| TlsError::Pem {
            path: path.to_owned(),
            source,
        })?;
    if found.is_empty() {
        Err(TlsError::Empty {
            path: path.to_owned(),
        })
    } else {
        Ok(found)
    }
}
