//! A certificate that the user brings for the port of the vaults, in the place of one of the authority of this machine: it is
//! verified as a client will, before anything listens.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use pem::Pem;
use rustls::{
    CertificateError, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use strongroom_certificates::certificate::Certificate;
use zeroize::Zeroizing;

use crate::{authority::Issued, place::read_bounded};

/// The longest file that is read.
const MAX_FILE: u64 = 1 << 20;

/// Why a certificate is not shown.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub enum OwnCertificateError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A file holds no certificate.
    #[error("{} holds no certificate in PEM", path.display())]
    NoCertificate { path: PathBuf },
    /// A file holds no private key, or one of another certificate.
    #[error(
        "{} does not hold the private key of the certificate in {}: {reason}",
        key.display(),
        certificate.display()
    )]
    Key {
        certificate: PathBuf,
        key: PathBuf,
        reason: String,
    },
    /// Nobody knows who signed it.
    #[error(
        "nobody would trust {}: add the certificate of the authority that signed it at its end, or to this system's authorities",
        path.display()
    )]
    Issuer { path: PathBuf },
    /// A client would not take it.
    #[error("{} cannot be the certificate of {host}: {reason}", path.display())]
    Unfit {
        path: PathBuf,
        host: String,
        reason: Box<rustls::Error>,
    },
}

/// A certificate with what was sent after it, and its private key.
#[derive(Debug)]
pub struct OwnCertificate {
    path: PathBuf,
    issued: Issued,
    chain: Vec<CertificateDer<'static>>,
}

impl OwnCertificate {
    /// Reads both files, which are to belong together.
    ///
    /// # Errors
    /// A file cannot be read, or does not hold what it should.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, OwnCertificateError> {
        let text = read(certificate)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let none = || OwnCertificateError::NoCertificate {
            path: certificate.to_owned(),
        };
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(none)?;
        let issued = Issued {
            certificate: text.to_string(),
            key: read(key)?,
        };
        issued.certified().map_err(|reason| OwnCertificateError::Key {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            reason: reason.to_string(),
        })?;
        Ok(Self {
            path: certificate.to_owned(),
            issued,
            chain,
        })
    }

    /// The certificate and its key.
    pub const fn issued(&self) -> &Issued {
        &self.issued
    }

    /// The authorities that the file itself brings, in PEM: those that nobody else signed.
    pub fn authorities(&self) -> Vec<String> {
        let is_root = |der: &&CertificateDer<'static>| {
            Certificate::from_der(der).is_ok_and(|found| found.issuer().is_same(found.subject()))
        };
        let roots = self.chain.iter().filter(is_root);
        roots
            .map(|der| pem::encode(&Pem::new("CERTIFICATE", der.to_vec())))
            .collect()
    }

    /// Whether a client that trusts the authorities in a file (PEM) takes it for each of these hosts now.
    ///
    /// # Errors
    /// It does not: a name is missing, its time is over, or somebody else signed it.
    pub fn check<'a>(
        &self,
        trusted: &Path,
        hosts: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), OwnCertificateError> {
        let text = fs::read(trusted).map_err(|source| OwnCertificateError::Read {
            path: trusted.to_owned(),
            source,
        })?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&text).flatten());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let issuer = || OwnCertificateError::Issuer {
            path: self.path.clone(),
        };
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().map_err(|_| issuer())?;
        let (leaf, others) = self.chain.split_first().ok_or_else(issuer)?;
        for host in hosts {
            let unfit = |reason| OwnCertificateError::Unfit {
                path: self.path.clone(),
                host: host.to_owned(),
                reason: Box::new(reason),
            };
            let name = ServerName::try_from(host)
                .map_err(|_| unfit(rustls::Error::General("it is no name".to_owned())))?;
            match verifier.verify_server_cert(leaf, others, &name, &[], UnixTime::now()) {
                Ok(_) => {}
                Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                    return Err(issuer());
                }
                Err(reason) => return Err(unfit(reason)),
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, OwnCertificateError> {
    let read = fs::File::open(path).and_then(|file| read_bounded(file, MAX_FILE));
    read.map(Zeroizing::new)
        .map_err(|source| OwnCertificateError::Read {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};
    use tempfile::TempDir;
    use time::{Duration, OffsetDateTime};

    use super::*;

    const HOST: &str = "dev.vault.localhost";

    /// Files of a certificate that signed itself, and of its key.
    fn files(name: &str, ends_in: Duration) -> (TempDir, PathBuf, PathBuf) {
        let directory = TempDir::new().unwrap();
        let (certificate, key) = (directory.path().join("a.crt"), directory.path().join("a.key"));
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = OffsetDateTime::now_utc() + ends_in;
        let pair = KeyPair::generate().unwrap();
        fs::write(&certificate, params.self_signed(&pair).unwrap().pem()).unwrap();
        fs::write(&key, pair.serialize_pem()).unwrap();
        (directory, certificate, key)
    }

    fn checked(name: &str, ends_in: Duration, trusts_it: bool) -> Result<(), String> {
        let (directory, certificate, key) = files(name, ends_in);
        let own = OwnCertificate::read(&certificate, &key).unwrap();
        let trusted = directory.path().join("bundle");
        let authorities = if trusts_it {
            own.authorities().concat()
        } else {
            let mut other = CertificateParams::new(["other".to_owned()]).unwrap();
            other.distinguished_name.push(DnType::CommonName, "other");
            other.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
        };
        fs::write(&trusted, authorities).unwrap();
        own.check(&trusted, [HOST]).map_err(|error| error.to_string())
    }

    #[test]
    fn one_that_a_client_takes_is_taken_and_another_is_told_why_not() {
        let day = Duration::days(1);
        assert_eq!(checked(HOST, day, true), Ok(()));
        assert_eq!(checked("*.vault.localhost", day, true), Ok(()));
        for (name, ends_in, trusts_it, said) in [
            ("other.vault.localhost", day, true, "not valid for name"),
            (HOST, -day, true, "expired"),
            (
                HOST,
                day,
                false,
                "add the certificate of the authority that signed it",
            ),
        ] {
            let refused = checked(name, ends_in, trusts_it).unwrap_err();
            assert!(refused.contains(said), "{refused}");
        }
    }

    #[test]
    fn the_key_of_another_certificate_is_refused_by_the_names_of_both_files() {
        let (_one, certificate, _) = files(HOST, Duration::days(1));
        let (_other, _, key) = files(HOST, Duration::days(1));
        let refused = OwnCertificate::read(&certificate, &key).unwrap_err();
        assert!(matches!(refused, OwnCertificateError::Key { .. }), "{refused}");
        let refused = OwnCertificate::read(&key, &key).unwrap_err();
        assert!(
            matches!(refused, OwnCertificateError::NoCertificate { .. }),
            "{refused}"
        );
        let refused = OwnCertificate::read(&certificate, &certificate).unwrap_err();
        assert!(matches!(refused, OwnCertificateError::Key { .. }), "{refused}");
        assert!(!format!("{refused:?}").contains("PRIVATE"));
    }
}
