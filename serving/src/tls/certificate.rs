//! The serving certificate, read again when its files change.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::RwLock;
use rustls::{
    pki_types::{PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use zeroize::Zeroizing;

use super::{TlsError, certificates, provider, read};
use crate::reload;

/// A certificate chain and its key, from `tls.crt` and `tls.key` of one directory (a mounted Secret of type
/// `kubernetes.io/tls`). Connections show the chain that was read last.
pub struct ServingCertificate {
    directory: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ServingCertificate {
    /// Reads the files of `directory`.
    ///
    /// # Errors
    /// A file cannot be read or is not PEM, or the key is not that of the certificate.
    pub fn load(directory: &Path) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(read_pair(directory)?);
        Ok(Arc::new(Self {
            directory: directory.to_owned(),
            current,
        }))
    }

    /// The chain that was read last, and its key.
    pub fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read())
    }

    /// Reads the files again; true when the chain had changed.
    ///
    /// # Errors
    /// Those of [`load`](Self::load); the old certificate stays in place.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let fresh = read_pair(&self.directory)?;
        let mut current = self.current.write();
        let changed = current.cert != fresh.cert;
        if changed {
            *current = fresh;
        }
        Ok(changed)
    }

    /// Reloads for ever, as [`reload::keep_fresh`] does. The two files of a mounted Secret change together, so a pair that
    /// does not fit comes from a broken Secret.
    pub async fn keep_fresh(&self) {
        reload::keep_fresh("the serving certificate", || self.reload()).await;
    }
}

impl ResolvesServerCert for ServingCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl fmt::Debug for ServingCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServingCertificate")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

fn read_pair(directory: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
    let (chain_path, key_path) = (directory.join("tls.crt"), directory.join("tls.key"));
    let chain = certificates(&chain_path, &read(&chain_path)?)?;
    let pem = Zeroizing::new(read(&key_path)?);
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|source| TlsError::Pem {
        path: key_path.clone(),
        source,
    })?;
    CertifiedKey::from_der(chain, key, &provider())
        .map(Arc::new)
        .map_err(|source| TlsError::Unusable {
            path: key_path,
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(directory: &Path) -> Vec<u8> {
        let made = rcgen::generate_simple_self_signed(["prod.team-a.svc".into()]).unwrap();
        std::fs::write(directory.join("tls.crt"), made.cert.pem()).unwrap();
        std::fs::write(directory.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
        made.cert.der().to_vec()
    }

    fn served(certificate: &ServingCertificate) -> Vec<u8> {
        certificate.current.read().cert[0].to_vec()
    }

    #[test]
    fn a_changed_pair_is_served_and_a_broken_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let first = write(directory.path());
        let certificate = ServingCertificate::load(directory.path()).unwrap();
        assert!(!certificate.reload().unwrap());
        assert_eq!(served(&certificate), first);

        let second = write(directory.path());
        assert!(certificate.reload().unwrap());
        assert_eq!(served(&certificate), second);

        std::fs::write(directory.path().join("tls.crt"), "not PEM").unwrap();
        assert!(matches!(certificate.reload(), Err(TlsError::Empty { .. })));
        assert_eq!(served(&certificate), second);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path());
        let other = rcgen::KeyPair::generate().unwrap();
        std::fs::write(directory.path().join("tls.key"), other.serialize_pem()).unwrap();
        assert!(matches!(
            ServingCertificate::load(directory.path()),
            Err(TlsError::Unusable { .. })
        ));
    }
}
