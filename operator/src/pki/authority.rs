//! One authority: made, loaded, and used to issue.

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use time::OffsetDateTime;
use x509_cert::{Certificate, der::DecodePem};

use super::{AUTHORITY_LIFETIME, LEAF_LIFETIME};

/// Why a certificate could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The key or the certificate could not be made.
    #[error("cannot make a certificate")]
    Make(#[source] rcgen::Error),
    /// A stored certificate or key is not readable.
    #[error("cannot read the stored {what}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Read { what: &'static str },
}

/// Clocks of a cluster differ: a certificate is good from this long before it was made.
const BACKDATED: time::Duration = time::Duration::minutes(5);

/// What an authority is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthoritySubject {
    /// The authority behind the servers inside the cluster.
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Serving { cluster_domain: String },
    /// The authority behind the operator's own client certificate.
    Admin,
}

/// What a certificate that is not an authority's says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf {
    /// A server, by its DNS names.
    Server {
        /// The names, the first of which is also the subject's common name.
        names: Vec<String>,
    },
    /// The operator, towards the vaults' admin ports.
    Operator {
        /// The URI that names this installation's operator.
        uri: String,
    },
}

/// A certificate and its private key, PEM.
pub struct Authority {
    certificate: String,
    key: KeyPair,
}

impl Authority {
    /// Makes a new authority.
    pub fn generate(subject: &AuthoritySubject, now: OffsetDateTime) -> Result<Self, PkiError> {
        let key = KeyPair::generate().map_err(PkiError::Make)?;
        let mut params = CertificateParams::default();
        params.not_before = now - BACKDATED;
        params.not_after = now + AUTHORITY_LIFETIME;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = true;
        params.distinguished_name = common_name(match subject {
            AuthoritySubject::Serving { .. } => "Strongroom serving authority",
            AuthoritySubject::Admin => "Strongroom admin authority",
        });
        if let AuthoritySubject::Serving { cluster_domain } = subject {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            params.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![
                    GeneralSubtree::DnsName("svc".to_owned()),
                    GeneralSubtree::DnsName(format!("svc.{cluster_domain}")),
                ],
                // Permitted names say nothing of addresses: without this the authority could sign for any.
                excluded_subtrees: vec![
                    GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])),
                    GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])),
                ],
            });
        }
        let certificate = params.self_signed(&key).map_err(PkiError::Make)?.pem();
        Ok(Self { certificate, key })
    }

    /// Loads an authority from its PEM texts.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, PkiError> {
        parse(certificate)?;
        let key = KeyPair::from_pem(key).map_err(|_| PkiError::Read {
            what: "authority's key",
        })?;
        Ok(Self {
            certificate: certificate.to_owned(),
            key,
        })
    }

    /// The authority's certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The authority's private key, PEM.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// Issues a certificate with a new key: (certificate, key), PEM.
    pub fn issue(&self, leaf: &Leaf, now: OffsetDateTime) -> Result<(String, String), PkiError> {
        let key = KeyPair::generate().map_err(PkiError::Make)?;
        let mut params = CertificateParams::default();
        params.not_before = now - BACKDATED;
        params.not_after = now + LEAF_LIFETIME;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        match leaf {
            Leaf::Server { names } => {
                params.distinguished_name = common_name("Strongroom server");
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
                for name in names {
                    let name = name.as_str().try_into().map_err(PkiError::Make)?;
                    params.subject_alt_names.push(SanType::DnsName(name));
                }
            }
            Leaf::Operator { uri } => {
                params.distinguished_name = common_name("Strongroom operator");
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
                let uri = uri.as_str().try_into().map_err(PkiError::Make)?;
                params.subject_alt_names.push(SanType::URI(uri));
            }
        }
        let issuer = Issuer::from_ca_cert_pem(&self.certificate, &self.key).map_err(PkiError::Make)?;
        let certificate = params.signed_by(&key, &issuer).map_err(PkiError::Make)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// When two thirds of the authority's life are over.
    pub fn renewal_due(&self) -> Result<OffsetDateTime, PkiError> {
        renewal_due(&self.certificate)
    }

    /// Whether this authority issued `certificate`, by the key identifier that both carry in their names.
    pub fn issued(&self, certificate: &str) -> bool {
        let (Ok(own), Ok(leaf)) = (parse(&self.certificate), parse(certificate)) else {
            return false;
        };
        own.tbs_certificate().subject() == leaf.tbs_certificate().issuer()
            && own_key_identifier(&own).is_some()
            && own_key_identifier(&own) == issuer_key_identifier(&leaf)
    }
}

/// Whether a stored certificate must be issued anew: unreadable, of another authority, with other names, or two
/// thirds through its life.
pub fn needs_renewal(certificate: &str, authority: &Authority, leaf: &Leaf, now: OffsetDateTime) -> bool {
    let due = renewal_due(certificate).map_or(true, |due| due <= now);
    due || !authority.issued(certificate) || !says(certificate, leaf)
}

/// When two thirds of a certificate's life are over.
fn renewal_due(certificate: &str) -> Result<OffsetDateTime, PkiError> {
    let certificate = parse(certificate)?;
    let validity = certificate.tbs_certificate().validity();
    let unix =
        |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    let (start, end) = (unix(validity.not_before), unix(validity.not_after));
    OffsetDateTime::from_unix_timestamp(start + (end - start) / 3 * 2).map_err(|_| PkiError::Read {
        what: "certificate's times",
    })
}

/// Whether a certificate holds exactly the names of `leaf`.
fn says(certificate: &str, leaf: &Leaf) -> bool {
    use x509_cert::ext::pkix::{SubjectAltName, name::GeneralName};
    let Ok(certificate) = parse(certificate) else {
        return false;
    };
    let Ok(Some((_, found))) = certificate.tbs_certificate().get_extension::<SubjectAltName>() else {
        return false;
    };
    let found: Vec<&str> = found
        .0
        .iter()
        .map(|name| match name {
            GeneralName::DnsName(name) => name.as_str(),
            GeneralName::UniformResourceIdentifier(uri) => uri.as_str(),
            _ => "",
        })
        .collect();
    match leaf {
        Leaf::Server { names } => found == names.iter().map(String::as_str).collect::<Vec<_>>(),
        Leaf::Operator { uri } => found == [uri.as_str()],
    }
}

fn own_key_identifier(certificate: &Certificate) -> Option<Vec<u8>> {
    use x509_cert::ext::pkix::SubjectKeyIdentifier;
    let fields = certificate.tbs_certificate();
    let (_, id) = fields.get_extension::<SubjectKeyIdentifier>().ok()??;
    Some(id.0.as_bytes().to_vec())
}

fn issuer_key_identifier(certificate: &Certificate) -> Option<Vec<u8>> {
    use x509_cert::ext::pkix::AuthorityKeyIdentifier;
    let fields = certificate.tbs_certificate();
    let (_, id) = fields.get_extension::<AuthorityKeyIdentifier>().ok()??;
    Some(id.key_identifier?.as_bytes().to_vec())
}

fn parse(certificate: &str) -> Result<Certificate, PkiError> {
    Certificate::from_pem(certificate).map_err(|_| PkiError::Read { what: "certificate" })
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    distinguished_name
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{
        RootCertStore,
        client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
        pki_types::{CertificateDer, UnixTime, pem::PemObject as _},
    };
    use time::Duration;

    use super::*;

    fn serving(now: OffsetDateTime) -> Authority {
        let subject = AuthoritySubject::Serving {
            cluster_domain: "cluster.local".to_owned(),
        };
        Authority::generate(&subject, now).unwrap()
    }

    fn server(name: &str) -> Leaf {
        Leaf::Server {
            names: vec![name.to_owned(), format!("{name}.cluster.local")],
        }
    }

    #[test]
    fn a_certificate_is_renewed_at_two_thirds_of_its_life_and_not_before() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let authority = serving(now);
        let (certificate, _) = authority.issue(&server("prod.team-a.svc"), now).unwrap();
        let renew = |at| needs_renewal(&certificate, &authority, &server("prod.team-a.svc"), at);
        assert!(!renew(now));
        assert!(!renew(now + Duration::days(19)));
        assert!(renew(now + Duration::days(20)));
    }

    #[test]
    fn a_certificate_with_other_names_or_of_another_authority_is_replaced() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let authority = serving(now);
        let (certificate, _) = authority.issue(&server("prod.team-a.svc"), now).unwrap();
        assert!(needs_renewal(
            &certificate,
            &authority,
            &server("dev.team-a.svc"),
            now
        ));
        assert!(needs_renewal(
            &certificate,
            &serving(now),
            &server("prod.team-a.svc"),
            now
        ));
        assert!(needs_renewal(
            "not a certificate",
            &authority,
            &server("prod.team-a.svc"),
            now
        ));
    }

    /// What a client that trusts `authority` says of a server with the names `given` that it meets as `met`.
    fn verified(authority: &Authority, given: SanType, met: &'static str) -> Result<(), rustls::Error> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![given];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let issuer = Issuer::from_ca_cert_pem(authority.certificate(), &authority.key).unwrap();
        let leaf = params.signed_by(&key, &issuer).unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(authority.certificate().as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
        verifier
            .verify_server_cert(leaf.der(), &[], &met.try_into().unwrap(), &[], UnixTime::now())
            .map(drop)
    }

    #[test]
    fn the_serving_authority_signs_for_names_of_services_alone() {
        let authority = serving(OffsetDateTime::now_utc());
        let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
        let name = "prod.team-a.svc";
        assert_eq!(verified(&authority, dns(name), name), Ok(()));
        for (given, met) in [
            (dns("example.com"), "example.com"),
            (SanType::IpAddress([10, 0, 0, 1].into()), "10.0.0.1"),
            (SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()), "::1"),
        ] {
            let refusal = verified(&authority, given, met).unwrap_err().to_string();
            assert!(refusal.contains("NameConstraintViolation"), "{met}: {refusal}");
        }
    }

    #[test]
    fn an_authority_survives_its_texts() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let authority = serving(now);
        let loaded = Authority::from_pem(authority.certificate(), &authority.key_pem()).unwrap();
        let (certificate, _) = loaded.issue(&server("prod.team-a.svc"), now).unwrap();
        assert!(authority.issued(&certificate));
    }
}
