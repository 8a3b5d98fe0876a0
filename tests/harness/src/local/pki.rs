//! One certificate authority and the certificates of a cluster.

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
};

use super::network::IpFamily;

/// A certificate and its private key, in PEM.
#[derive(Clone)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

/// What a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The common name: the user's name in a client certificate.
    pub name: String,
    /// The organisation: the user's group in a client certificate.
    pub group: Option<&'static str>,
    /// DNS names and addresses of a server; none makes it a client certificate.
    pub server: Vec<String>,
}

impl Identity {
    /// A client of the API server.
    pub fn client(name: &str, group: Option<&'static str>) -> Self {
        Self {
            name: name.to_owned(),
            group,
            server: Vec::new(),
        }
    }

    /// The API server, under the names that pods, nodes and this machine use.
    pub fn api_server(family: IpFamily) -> Self {
        let names = [
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local",
        ];
        let addresses = ["localhost", "127.0.0.1", family.api_service(), family.control()];
        let server = names
            .iter()
            .chain(&addresses)
            .map(|name| (*name).to_owned())
            .collect();
        Self {
            name: "kube-apiserver".to_owned(),
            group: None,
            server,
        }
    }

    /// The kubelet's own server.
    pub fn kubelet_server(node: &str, address: &str) -> Self {
        Self {
            name: node.to_owned(),
            group: None,
            server: vec![node.to_owned(), address.to_owned()],
        }
    }
}

/// The cluster's certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
    key: String,
}

impl Authority {
    /// Makes a new authority.
    pub fn generate() -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = distinguished("strongroom-tests", None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let certificate = params.self_signed(&key)?.pem();
        let pem = key.serialize_pem();
        Ok(Self {
            issuer: Issuer::new(params, key),
            certificate,
            key: pem,
        })
    }

    /// The authority's own certificate and key.
    pub fn pair(&self) -> Pair {
        Pair {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
        }
    }

    /// Issues a certificate.
    pub fn issue(&self, identity: &Identity) -> Result<Pair> {
        let key = KeyPair::generate()?;
        let certificate = params(identity)?.signed_by(&key, &self.issuer)?;
        Ok(Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// The key pair under which service-account tokens are signed: RSA, as in most clusters.
pub fn service_account_key() -> Result<String> {
    Ok(KeyPair::generate_for(&PKCS_RSA_SHA256)?.serialize_pem())
}

fn params(identity: &Identity) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(identity.server.clone())?;
    params.distinguished_name = distinguished(&identity.name, identity.group);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = if identity.server.is_empty() {
        vec![ExtendedKeyUsagePurpose::ClientAuth]
    } else {
        vec![ExtendedKeyUsagePurpose::ServerAuth]
    };
    Ok(params)
}

fn distinguished(name: &str, group: Option<&str>) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    if let Some(group) = group {
        distinguished.push(DnType::OrganizationName, group);
    }
    distinguished.push(DnType::CommonName, name);
    distinguished
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_server_is_valid_under_every_name_it_is_called_by() {
        for (family, addresses) in [
            (IpFamily::Ipv4, ["10.96.0.1", "10.89.0.1"]),
            (IpFamily::Ipv6, ["fd00:10:96::1", "fd00:10:89::1"]),
        ] {
            let identity = Identity::api_server(family);
            let names = ["kubernetes.default.svc", "localhost", "127.0.0.1"];
            for name in names.iter().chain(&addresses) {
                assert!(identity.server.iter().any(|known| known == name), "{name}");
            }
        }
    }

    #[test]
    fn a_client_certificate_cannot_serve() {
        let params = params(&Identity::client("system:admin", Some("system:masters"))).unwrap();
        assert_eq!(params.extended_key_usages, [ExtendedKeyUsagePurpose::ClientAuth]);
        assert!(params.subject_alt_names.is_empty());
    }

    #[test]
    fn the_service_account_key_is_rsa() {
        let pem = service_account_key().unwrap();
        let key = KeyPair::from_pem(&pem).unwrap();
        assert!(key.is_compatible(&PKCS_RSA_SHA256));
    }
}
