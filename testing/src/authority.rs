//! Certificate authorities and what they sign.

use std::{fs, path::Path, sync::Arc};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_RSA_SHA256, RsaKeySize,
    SanType,
};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs::{default_provider, sign::any_supported_type},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject as _},
    sign::{CertifiedKey, SingleCertAndKey},
};
use tokio_rustls::TlsAcceptor;

pub use rcgen::ExtendedKeyUsagePurpose as Usage;

/// A certificate authority of one test.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Signed {
    pub certificate: String,
    pub key: String,
}

impl Signed {
    /// Both, as clients read an identity: the certificate, then the key.
    pub fn both(&self) -> String {
        format!("{}{}", self.certificate, self.key)
    }

    /// The same certificate, shown with those of the authorities that lead to it.
    #[must_use]
    pub fn through(mut self, authorities: &[&Authority]) -> Self {
        for authority in authorities {
            self.certificate += &authority.pem();
        }
        self
    }

    /// Accepts connections with it, over HTTP/2 and HTTP/1.1.
    pub fn acceptor(&self) -> TlsAcceptor {
        let chain = CertificateDer::pem_slice_iter(self.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        acceptor(chain.map(Result::unwrap).collect(), &key)
    }
}

impl Authority {
    /// An authority that calls itself `name`.
    pub fn new(name: &str) -> Self {
        Self::of_key(name, KeyPair::generate().unwrap())
    }

    /// The same with a key of RSA.
    pub fn with_rsa(name: &str) -> Self {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048);
        Self::of_key(name, key.unwrap())
    }

    fn of_key(name: &str, key: KeyPair) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// An authority below this one, of what `change` makes of its certificate.
    #[must_use]
    pub fn below(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_after = rcgen::date_time_ymd(2100, 1, 1);
        change(&mut params);
        Self(CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &self.0).unwrap())
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Its own certificate and its key, for who is to sign with it.
    pub fn signed(&self) -> Signed {
        Signed {
            certificate: self.pem(),
            key: self.0.key().serialize_pem(),
        }
    }

    /// Signs a certificate for hosts and URIs, valid until 2100.
    pub fn issue(&self, hosts: &[&str], uris: &[&str], usages: &[Usage]) -> Signed {
        let (params, key) = request(hosts, uris, usages);
        Signed {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// The same, of what `change` makes of the certificate.
    pub fn issue_changed(
        &self,
        hosts: &[&str],
        uris: &[&str],
        usages: &[Usage],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Signed {
        let (mut params, key) = request(hosts, uris, usages);
        change(&mut params);
        Signed {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// Signs a client certificate with the one URI `uri`.
    pub fn client(&self, uri: &str) -> Signed {
        self.issue(&[], &[uri], &[Usage::ClientAuth])
    }

    /// Writes a serving certificate for `hosts` as `tls.crt` and `tls.key` into `directory`, as a mounted Secret has
    /// them.
    pub fn serve(&self, hosts: &[&str], directory: &Path) {
        let signed = self.issue(hosts, &[], &[Usage::ServerAuth]);
        fs::write(directory.join("tls.crt"), signed.certificate).unwrap();
        fs::write(directory.join("tls.key"), signed.key).unwrap();
    }

    /// Accepts connections with a certificate for `host`, over HTTP/2 and HTTP/1.1.
    pub fn acceptor(&self, host: &str) -> TlsAcceptor {
        let (params, key) = request(&[host], &[], &[Usage::ServerAuth]);
        let leaf = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        acceptor(vec![leaf.der().clone()], &key)
    }
}

fn acceptor(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'static>) -> TlsAcceptor {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        // Nothing of it is checked here: a certificate that nobody should take is shown too.
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(
            chain,
            any_supported_type(key).unwrap(),
        ))));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config).into()
}

fn request(hosts: &[&str], uris: &[&str], usages: &[Usage]) -> (CertificateParams, KeyPair) {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params
        .subject_alt_names
        .extend(uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())));
    params.extended_key_usages = usages.to_vec();
    params.not_after = rcgen::date_time_ymd(2100, 1, 1);
    (params, KeyPair::generate().unwrap())
}
