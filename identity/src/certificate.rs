//! The serving certificate, read again when its files change.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(5);

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not PEM of the kind expected.
    #[error("{path} is not valid PEM: {source}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key cannot be used together.
    #[error("the certificate and key in {path} cannot be used: {source}")]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// The certificate of `tls.crt` and `tls.key` in one directory.
pub(crate) struct Certificate {
    directory: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads the files.
    pub(crate) fn load(directory: &Path) -> Result<Arc<Self>, CertificateError> {
        let current = RwLock::new(read(directory)?);
        Ok(Arc::new(Self {
            directory: directory.to_owned(),
            current,
        }))
    }

    /// Reads the files again for ever. What cannot be used leaves the old certificate in place.
    pub(crate) async fn keep_fresh(&self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            self.reload();
        }
    }

    fn reload(&self) {
        match read(&self.directory) {
            Ok(fresh) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                if current.cert != fresh.cert {
                    tracing::info!("the serving certificate was reloaded");
                    *current = fresh;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the serving certificate cannot be reloaded; the old one stays");
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self.current.read().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

/// A server that shows `certificate` and speaks HTTP/2 and HTTP/1.1.
pub(crate) fn server_config(certificate: Arc<Certificate>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn read(directory: &Path) -> Result<Arc<CertifiedKey>, CertificateError> {
    let (chain, key) = (directory.join("tls.crt"), directory.join("tls.key"));
    let load = |path: &Path| {
        fs::read(path).map_err(|source| CertificateError::Read {
            path: path.to_owned(),
            source,
        })
    };
    let certificates = CertificateDer::pem_slice_iter(&load(&chain)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| CertificateError::Pem {
            path: chain.clone(),
            source,
        })?;
    let private = PrivateKeyDer::from_pem_slice(&zeroize::Zeroizing::new(load(&key)?)).map_err(|source| {
        CertificateError::Pem {
            path: key.clone(),
            source,
        }
    })?;
    CertifiedKey::from_der(certificates, private, &provider())
        .map(Arc::new)
        .map_err(|source| CertificateError::Unusable {
            path: directory.to_owned(),
            source,
        })
}
