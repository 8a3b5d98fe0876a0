//! The serving certificate, read again when its files change.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use rustls::{
    pki_types::{PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::{TlsError, certificates, provider, read};

/// How often the files are looked at.
pub const RELOAD_INTERVAL: Duration = Duration::from_secs(2);

/// A certificate chain and its key, from `tls.crt` and `tls.key` of one directory (a mounted Secret of type
/// `kubernetes.io/tls`).
pub struct ServingCertificate {
    directory: PathBuf,
    current: RwLock<Loaded>,
}

struct Loaded {
    certified: Arc<CertifiedKey>,
    fingerprint: [u8; 32],
}

impl ServingCertificate {
    /// Reads the files of `directory`.
    pub fn load(directory: &Path) -> Result<Arc<Self>, TlsError> {
        let files = Files::read(directory)?;
        let loaded = Loaded {
            certified: files.certified()?,
            fingerprint: files.fingerprint(),
        };
        Ok(Arc::new(Self {
            directory: directory.to_owned(),
            current: RwLock::new(loaded),
        }))
    }

    /// Reads the files again; true when they had changed. What cannot be used leaves the old certificate in place.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let files = Files::read(&self.directory)?;
        let fingerprint = files.fingerprint();
        if self
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .fingerprint
            == fingerprint
        {
            return Ok(false);
        }
        let loaded = Loaded {
            certified: files.certified()?,
            fingerprint,
        };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        Ok(true)
    }

    /// Keeps reloading. The two files of a mounted Secret change together, so a pair that does not fit is news of a
    /// broken Secret, told once per kind of failure.
    pub async fn keep_fresh(&self) {
        let mut told = None;
        loop {
            sleep(RELOAD_INTERVAL).await;
            match self.reload() {
                Ok(changed) => {
                    told = None;
                    if changed {
                        tracing::info!("the serving certificate was reloaded");
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    if told.as_ref() != Some(&text) {
                        tracing::error!(%error, "the serving certificate cannot be reloaded; the old one stays");
                        told = Some(text);
                    }
                }
            }
        }
    }
}

impl ResolvesServerCert for ServingCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self
                .current
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .certified,
        ))
    }
}

impl fmt::Debug for ServingCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServingCertificate")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// Both files as they were read.
struct Files {
    chain_path: PathBuf,
    key_path: PathBuf,
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Files {
    fn read(directory: &Path) -> Result<Self, TlsError> {
        let (chain_path, key_path) = (directory.join("tls.crt"), directory.join("tls.key"));
        let chain = read(&chain_path)?;
        let key = Zeroizing::new(read(&key_path)?);
        Ok(Self {
            chain_path,
            key_path,
            chain,
            key,
        })
    }

    fn fingerprint(&self) -> [u8; 32] {
        let mut both = [0; 64];
        let (chain, key) = both.split_at_mut(32);
        chain.copy_from_slice(digest(&SHA256, &self.chain).as_ref());
        key.copy_from_slice(digest(&SHA256, &self.key).as_ref());
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest(&SHA256, &both).as_ref());
        fingerprint
    }

    fn certified(&self) -> Result<Arc<CertifiedKey>, TlsError> {
        let chain = certificates(&self.chain_path, &self.chain)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|source| TlsError::Pem {
            path: self.key_path.clone(),
            source,
        })?;
        CertifiedKey::from_der(chain, key, &provider())
            .map(Arc::new)
            .map_err(|source| TlsError::Unusable {
                path: self.key_path.clone(),
                source,
            })
    }
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
        certificate.current.read().unwrap().certified.cert[0].to_vec()
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
