//! TLS: the CAs that the client trusts, and the certificate that it shows.

mod files;

use std::{io, path::PathBuf, sync::Arc};

use parking_lot::Mutex;
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use files::{Pem, Stamp};

/// Why a TLS configuration cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Read { path: PathBuf, source: io::Error },
    /// Something is not PEM.
    #[error("{what} is not valid PEM: {source}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Pem {
        /// The file, or what it is.
        what: String,
        source: rustls::pki_types::pem::Error,
    },
    /// A bundle without a certificate.
    #[error("{0} holds no certificate")]
    Empty(String),
    /// A certificate or key that cannot be used.
    #[error("the certificates cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The CAs a server's certificate must come from, and the certificate the client shows, if any. What comes from files
/// is read again when the files change; if they cannot be read then, what was read before stays in force.
#[derive(Clone)]
pub struct Trust(Arc<Inner>);

struct Inner {
    anchors: Pem,
    shown: Option<Shown>,
    loaded: Mutex<Loaded>,
}

/// A client certificate: chain and key.
struct Shown {
    chain: Pem,
    key: Pem,
}

struct Loaded {
    stamp: Stamp,
    config: Arc<ClientConfig>,
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

impl Trust {
    /// Trusts the CAs of this PEM bundle.
    pub fn from_pem(anchors: &[u8]) -> Result<Self, TrustError> {
        Self::new(Pem::bytes("the CA bundle", anchors), None)
    }

    /// Trusts the CAs of the PEM bundle in this file, which may change.
    pub fn from_file(anchors: impl Into<PathBuf>) -> Result<Self, TrustError> {
        Self::new(Pem::file(anchors), None)
    }

    /// Trusts the CAs of `anchors` and shows the certificate `chain` with `key`; all PEM.
    pub fn mutual_from_pem(anchors: &[u8], chain: &[u8], key: &[u8]) -> Result<Self, TrustError> {
        let shown = Shown {
            chain: Pem::bytes("the certificate", chain),
            key: Pem::bytes("the private key", key),
        };
        Self::new(Pem::bytes("the CA bundle", anchors), Some(shown))
    }

    /// As [`Self::mutual_from_pem`], from files, which may change.
    pub fn mutual_from_files(
        anchors: impl Into<PathBuf>,
        chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TrustError> {
        let shown = Shown {
            chain: Pem::file(chain),
            key: Pem::file(key),
        };
        Self::new(Pem::file(anchors), Some(shown))
    }

    fn new(anchors: Pem, shown: Option<Shown>) -> Result<Self, TrustError> {
        // Taken before the files are read: a change in between is then seen as one.
        let stamp = stamp(&anchors, shown.as_ref());
        let config = Arc::new(configure(&anchors, shown.as_ref())?);
        Ok(Self(Arc::new(Inner {
            anchors,
            shown,
            loaded: Mutex::new(Loaded { stamp, config }),
        })))
    }

    /// The configuration for the next connection. Looks at the files' metadata; reads them only when they changed.
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        let inner = &*self.0;
        let mut loaded = inner.loaded.lock();
        let stamp = stamp(&inner.anchors, inner.shown.as_ref());
        if stamp != loaded.stamp {
            match configure(&inner.anchors, inner.shown.as_ref()) {
                Ok(config) => {
                    *loaded = Loaded {
                        stamp,
                        config: Arc::new(config),
                    }
                }
                Err(error) => tracing::warn!(%error, "keeping the TLS configuration read before"),
            }
        }
        Arc::clone(&loaded.config)
    }
}

fn stamp(anchors: &Pem, shown: Option<&Shown>) -> Stamp {
    let shown = shown.into_iter().flat_map(|shown| [&shown.chain, &shown.key]);
    files::stamp(std::iter::once(anchors).chain(shown))
}

fn configure(anchors: &Pem, shown: Option<&Shown>) -> Result<ClientConfig, TrustError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(anchors)? {
        roots.add(certificate)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(Shown { chain, key }) => {
            builder.with_client_auth_cert(certificates(chain)?, private_key(key)?)?
        }
    };
    // One configuration serves one server or a few; the default keeps room for 256.
    config.resumption = Resumption::in_memory_sessions(8);
    Ok(config)
}

fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let text = pem.read()?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| TrustError::Pem {
            what: pem.to_string(),
            source,
        })?;
    if certificates.is_empty() {
        Err(TrustError::Empty(pem.to_string()))
    } else {
        Ok(certificates)
    }
}

fn private_key(pem: &Pem) -> Result<PrivateKeyDer<'static>, TrustError> {
    PrivateKeyDer::from_pem_slice(&pem.read()?).map_err(|source| TrustError::Pem {
        what: pem.to_string(),
        source,
    })
}
