//! The admin port's TLS: only the operator's certificate completes a handshake.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
    server::{
        NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use super::caller::Caller;
use crate::tls::{RELOAD_INTERVAL, ServingCertificate};

/// Why the admin CA cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its file cannot be read.
    #[error("cannot read the admin CA {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Its file is not PEM.
    #[error("the admin CA {path} is not PEM")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// A certificate in it is not an authority's.
    #[error("a certificate of the admin CA {path} cannot be used")]
    Root {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Error,
    },
    /// It holds no certificate.
    #[error("the admin CA {path} cannot verify anyone")]
    Verifier {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: VerifierBuilderError,
    },
    /// The library refuses TLS 1.2 and 1.3.
    #[error("cannot configure TLS for the admin port")]
    Versions(#[source] Error),
}

/// Accepts one client: the certificate that the admin CA of now issued to this installation's operator.
#[derive(Debug)]
pub struct OperatorAuthority {
    path: PathBuf,
    operator: String,
    current: RwLock<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    pem: Vec<u8>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl OperatorAuthority {
    /// The authority in the PEM file `path`, for the operator with the URI `operator`.
    pub fn load(path: &Path, operator: &str) -> Result<Arc<Self>, AuthorityError> {
        let pem = read(path)?;
        let verifier = verifier(path, &pem)?;
        Ok(Arc::new(Self {
            path: path.to_owned(),
            operator: operator.to_owned(),
            current: RwLock::new(Loaded { pem, verifier }),
        }))
    }

    /// The TLS configuration of the admin port. Nothing is resumed: each connection is verified by the CA of now.
    pub fn server_config(
        self: &Arc<Self>,
        certificate: Arc<ServingCertificate>,
    ) -> Result<ServerConfig, AuthorityError> {
        let verifier: Arc<dyn ClientCertVerifier> = Arc::<Self>::clone(self);
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(AuthorityError::Versions)?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(certificate);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }

    /// Reads the file again; true when it had changed. What cannot be used leaves the old authority in place.
    pub fn reload(&self) -> Result<bool, AuthorityError> {
        let pem = read(&self.path)?;
        if self.current.read().unwrap_or_else(PoisonError::into_inner).pem == pem {
            return Ok(false);
        }
        let verifier = verifier(&self.path, &pem)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Loaded { pem, verifier };
        Ok(true)
    }

    /// Keeps reloading; a failure is told once per kind.
    pub async fn keep_fresh(&self) {
        let mut told = None;
        loop {
            tokio::time::sleep(RELOAD_INTERVAL).await;
            match self.reload() {
                Ok(changed) => {
                    told = None;
                    if changed {
                        tracing::info!("the admin CA was reloaded");
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    if told.as_ref() != Some(&text) {
                        tracing::error!(%error, "the admin CA cannot be reloaded; the old one stays");
                        told = Some(text);
                    }
                }
            }
        }
    }

    /// The URI of the one caller.
    pub(super) fn operator(&self) -> &str {
        &self.operator
    }

    fn current(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(
            &self
                .current
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .verifier,
        )
    }
}

impl ClientCertVerifier for OperatorAuthority {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self
            .current()
            .verify_client_cert(end_entity, intermediates, now)?;
        match Caller::check(Some(end_entity), &self.operator) {
            Ok(_) => Ok(verified),
            Err(reason) => {
                tracing::warn!(%reason, "a caller of the admin port was refused");
                Err(Error::InvalidCertificate(
                    CertificateError::ApplicationVerificationFailure,
                ))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current()
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current()
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current().supported_verify_schemes()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, AuthorityError> {
    std::fs::read(path).map_err(|source| AuthorityError::Read {
        path: path.to_owned(),
        source,
    })
}

fn verifier(path: &Path, pem: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, AuthorityError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|source| AuthorityError::Pem {
            path: path.to_owned(),
            source,
        })?;
        roots.add(certificate).map_err(|source| AuthorityError::Root {
            path: path.to_owned(),
            source,
        })?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|source| AuthorityError::Verifier {
            path: path.to_owned(),
            source,
        })
}
