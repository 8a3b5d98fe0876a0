//! The authority of this machine: made once, and constrained to names that mean this machine, so that whoever trusts it
//! trusts it for nothing else.

use std::{fs, io, net::IpAddr, path::PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::{
    names,
    place::{Place, keep_private, write_private},
};

/// Holds the private key and the certificate, one after the other.
const FILE: &str = "authority.pem";

/// Holds the certificate alone, for whoever is to trust it.
pub const CERTIFICATE: &str = "ca.crt";

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

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

/// The authority of this machine.
pub struct Authority {
    key: KeyPair,
    certificate: String,
    path: PathBuf,
}

impl Authority {
    /// The one in `place`, which is made if there is none. Two at once make one.
    ///
    /// # Errors
    /// It cannot be read or made.
    pub fn open(place: &Place, now: OffsetDateTime) -> Result<Self, AuthorityError> {
        let path = place.file(FILE);
        let failed = |source| AuthorityError::File {
            path: path.clone(),
            source,
        };
        if !path.exists() {
            let (key, certificate) = generate(now)?;
            let both = Zeroizing::new(key.serialize_pem() + &certificate);
            keep_private(&path, both.as_bytes()).map_err(failed)?;
        }
        let text = Zeroizing::new(fs::read_to_string(&path).map_err(failed)?);
        let damaged = || AuthorityError::Damaged { path: path.clone() };
        let begin = text.find("-----BEGIN CERTIFICATE-----").ok_or_else(damaged)?;
        let (key, certificate) = text.split_at(begin);
        let key = KeyPair::from_pem(key).map_err(|_| damaged())?;
        Issuer::from_ca_cert_pem(certificate, &key).map_err(|_| damaged())?;
        let public = place.file(CERTIFICATE);
        write_private(&public, certificate.as_bytes()).map_err(|source| AuthorityError::File {
            path: public.clone(),
            source,
        })?;
        Ok(Self {
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

    /// A certificate of a server with these names and the addresses of this machine.
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
            if !names::is_permitted(name.strip_prefix("*.").unwrap_or(name)) {
                return Err(AuthorityError::Name(name.clone()));
            }
            params
                .subject_alt_names
                .push(SanType::DnsName(name.as_str().try_into()?));
        }
        let addresses = names::ADDRESSES.map(SanType::IpAddress);
        params.subject_alt_names.extend(addresses);
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

fn generate(now: OffsetDateTime) -> Result<(KeyPair, String), AuthorityError> {
    let mut params = CertificateParams::default();
    params.not_before = now - BACKDATED;
    params.not_after = now + AUTHORITY_LIFE;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.distinguished_name = common_name("Strongroom development authority of this machine");
    let domains = names::PERMITTED.map(|domain| GeneralSubtree::DnsName(domain.to_owned()));
    let addresses = names::ADDRESSES.map(|address| {
        // All of 127.0.0.0/8 is this machine.
        let prefix = if matches!(address, IpAddr::V4(_)) { 8 } else { 128 };
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, prefix))
    });
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: domains.into_iter().chain(addresses).collect(),
        excluded_subtrees: Vec::new(),
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
