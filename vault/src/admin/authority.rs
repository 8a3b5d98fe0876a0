//! The admin port's TLS: only the operator's certificate completes a handshake.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::RwLock;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, UnixTime},
    server::{
        NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use strongroom_serving::{
    reload,
    tls::{self, ServingCertificate, TlsError},
};

use super::caller::Caller;

/// Why the admin CA cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its file cannot be read, or holds something else than certificates of authorities.
    #[error("cannot read the admin CA")]
    File(#[from] TlsError),
    /// No client can be verified by it.
    #[error("the admin CA {path} cannot verify anyone")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Verifier {
        path: PathBuf,
        source: VerifierBuilderError,
    },
    /// The library refuses TLS 1.2 and 1.3.
    #[error("cannot configure TLS for the admin port")]
    Versions(#[source] Error),
}

/// Accepts one client: the certificate that the present admin CA issued to this installation's operator.
#[derive(Debug)]
pub struct OperatorAuthority {
    path: PathBuf,
    operator: String,
    current: RwLock<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    roots: Arc<RootCertStore>,
    verifier: Arc<dyn ClientCertVerifier>,
}

impl OperatorAuthority {
    /// The authority in the PEM file `path`, for the operator with the URI `operator`.
    ///
    /// # Errors
    /// The file cannot be read, or verifies no client.
    pub fn load(path: &Path, operator: &str) -> Result<Arc<Self>, AuthorityError> {
        let current = RwLock::new(Loaded::new(path, tls::authorities(path)?)?);
        Ok(Arc::new(Self {
            path: path.to_owned(),
            operator: operator.to_owned(),
            current,
        }))
    }

    /// The TLS configuration of the admin port. Nothing is resumed: the present CA verifies each connection.
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
    ///
    /// # Errors
    /// Those of [`load`](Self::load).
    pub fn reload(&self) -> Result<bool, AuthorityError> {
        let roots = tls::authorities(&self.path)?;
        if self.current.read().roots.roots == roots.roots {
            return Ok(false);
        }
        let fresh = Loaded::new(&self.path, roots)?;
        *self.current.write() = fresh;
        Ok(true)
    }

    /// Reloads for ever, as [`reload::keep_fresh`] does.
    pub async fn keep_fresh(&self) {
        reload::keep_fresh("the admin CA", || self.reload()).await;
    }

    /// The URI of the one caller.
    pub(super) fn operator(&self) -> &str {
        &self.operator
    }

    fn current(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.current.read().verifier)
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

impl Loaded {
    fn new(path: &Path, roots: RootCertStore) -> Result<Self, AuthorityError> {
        let roots = Arc::new(roots);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), provider)
            .build()
            .map_err(|source| AuthorityError::Verifier {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self { roots, verifier })
    }
}
