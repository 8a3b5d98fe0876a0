//! The authority of this machine: made once, and constrained to names that mean this machine, so that whoever trusts it
//! trusts it for nothing else. Another one, which is there only where names of Azure are asked for, is constrained to these.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::CertifiedKey,
};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::{
    names,
    place::{Place, keep_private, write_private},
};

/// Holds the certificate of the authority of this machine alone, for whoever is to trust it.
pub const CERTIFICATE: &str = "ca.crt";

/// An authority by what it may sign for.
struct Kind {
    /// Holds the private key and the certificate, one after the other.
    file: &'static str,
    /// Holds the certificate alone.
    certificate: &'static str,
    common_name: &'static str,
    /// The names, with those below each.
    domains: &'static [&'static str],
    /// Whether it may sign for the addresses of this machine.
    signs_addresses: bool,
}

const OF_THIS_MACHINE: Kind = Kind {
    file: "authority.pem",
    certificate: CERTIFICATE,
    common_name: "Strongroom development authority of this machine",
    domains: &names::PERMITTED,
    signs_addresses: true,
};

const OF_AZURE_NAMES: Kind = Kind {
    file: "azure-authority.pem",
    certificate: "azure-ca.crt",
    common_name: "Strongroom development authority for vault.azure.net",
    domains: &[names::AZURE],
    signs_addresses: false,
};

/// How long the authority lives: trusting it anew takes a person.
const AUTHORITY_LIFE: Duration = Duration::days(3650);

/// How long a certificate lives, which every start makes anew.
const LEAF_LIFE: Duration = Duration::days(30);

/// Clocks go wrong.
const BACKDATED: Duration = Duration::hours(1);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    File { path: PathBuf, source: io::Error },
    /// The file holds no authority.
    #[error(
        "{} holds no authority: delete it, and the next start makes another, which is to be trusted anew",
        path.display()
    )]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Damaged { path: PathBuf },
    /// The library failed.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The authority may not sign for the name.
    #[error(
        "{0} is no name of this machine. The authority signs for localhost, localhost.localdomain, docker.internal, containers.internal, strongroom and what is below these"
    )]
    Name(String),
}

/// A certificate and its private key, in PEM.
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: Zeroizing<String>,
}

impl Issued {
    /// Both as TLS uses them.
    ///
    /// # Errors
    /// They are no certificate and no key, or do not belong together.
    pub fn certified(&self) -> Result<CertifiedKey, rustls::Error> {
        let unreadable = |what: &str| rustls::Error::General(format!("it holds no {what} in PEM"));
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(self.certificate.as_bytes()).collect();
        let chain = chain.map_err(|_| unreadable("certificate"))?;
        let key =
            PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(|_| unreadable("private key"))?;
        CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
    }
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

/// An authority of `strongroom dev`.
pub struct Authority {
    kind: &'static Kind,
    key: KeyPair,
    certificate: String,
    path: PathBuf,
}

impl Authority {
    /// The one of this machine in `place`, which is made if there is none. Two at once make one.
    ///
    /// # Errors
    /// It cannot be read or made.
    pub fn open(place: &Place, now: OffsetDateTime) -> Result<Self, AuthorityError> {
        Self::open_kind(&OF_THIS_MACHINE, place, now)
    }

    /// The one that signs for names of Azure's vaults and for nothing else: whoever trusts it trusts this machine to be them.
    ///
    /// # Errors
    /// It cannot be read or made.
    pub fn open_azure(place: &Place, now: OffsetDateTime) -> Result<Self, AuthorityError> {
        Self::open_kind(&OF_AZURE_NAMES, place, now)
    }

    fn open_kind(kind: &'static Kind, place: &Place, now: OffsetDateTime) -> Result<Self, AuthorityError> {
        let path = place.file(kind.file);
        let failed = |source| AuthorityError::File {
            path: path.clone(),
            source,
        };
        if !path.exists() {
            let (key, certificate) = generate(kind, now)?;
            let both = Zeroizing::new(key.serialize_pem() + &certificate);
            keep_private(&path, both.as_bytes()).map_err(failed)?;
        }
        let text = Zeroizing::new(fs::read_to_string(&path).map_err(failed)?);
        let damaged = || AuthorityError::Damaged { path: path.clone() };
        let begin = text.find("-----BEGIN CERTIFICATE-----").ok_or_else(damaged)?;
        let (key, certificate) = text.split_at(begin);
        let key = KeyPair::from_pem(key).map_err(|_| damaged())?;
        Issuer::from_ca_cert_pem(certificate, &key).map_err(|_| damaged())?;
        let public = place.file(kind.certificate);
        write_private(&public, certificate.as_bytes()).map_err(|source| AuthorityError::File {
            path: public.clone(),
            source,
        })?;
        Ok(Self {
            kind,
            key,
            certificate: certificate.to_owned(),
            path: public,
        })
    }

    /// Its certificate, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The file that holds the certificate.
    pub fn certificate_file(&self) -> &std::path::Path {
        &self.path
    }

    /// A certificate of a server with these names, and with the addresses of this machine where it may sign for them.
    ///
    /// # Errors
    /// A name means another machine.
    pub fn issue(&self, names: &[String], now: OffsetDateTime) -> Result<Issued, AuthorityError> {
        let mut params = CertificateParams::default();
        params.not_before = now - BACKDATED;
        params.not_after = now + LEAF_LIFE;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        params.distinguished_name = common_name("Strongroom development vault");
        for name in names {
            if !names::is_below(name.strip_prefix("*.").unwrap_or(name), self.kind.domains) {
                return Err(AuthorityError::Name(name.clone()));
            }
            params
                .subject_alt_names
                .push(SanType::DnsName(name.as_str().try_into()?));
        }
        if self.kind.signs_addresses {
            let addresses = names::ADDRESSES.map(SanType::IpAddress);
            params.subject_alt_names.extend(addresses);
        }
        let key = KeyPair::generate()?;
        let issuer = Issuer::from_ca_cert_pem(&self.certificate, &self.key)?;
        let certificate = params.signed_by(&key, &issuer)?;
        Ok(Issued {
            certificate: certificate.pem(),
            key: Zeroizing::new(key.serialize_pem()),
        })
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn generate(kind: &Kind, now: OffsetDateTime) -> Result<(KeyPair, String), AuthorityError> {
    let mut params = CertificateParams::default();
    params.not_before = now - BACKDATED;
    params.not_after = now + AUTHORITY_LIFE;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.distinguished_name = common_name(kind.common_name);
    let domains = kind.domains.iter();
    let mut permitted: Vec<_> = domains
        .map(|domain| GeneralSubtree::DnsName((*domain).to_owned()))
        .collect();
    let mut excluded = Vec::new();
    if kind.signs_addresses {
        permitted.extend(names::ADDRESSES.map(|address| {
            // All of 127.0.0.0/8 is this machine.
            let prefix = if matches!(address, IpAddr::V4(_)) { 8 } else { 128 };
            GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix))
        }));
    } else {
        // A kind of name that no subtree is of is permitted (RFC 5280, 4.2.1.10).
        let everywhere = [
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        ];
        excluded.extend(
            everywhere.map(|address| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, 0))),
        );
    }
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted,
        excluded_subtrees: excluded,
    });
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?.pem();
    Ok((key, certificate))
}

fn common_name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}
