//! Issues certificates (RFC 5280, 4): version 3, never of an authority.
//!
//! Time and randomness come from the caller: a certificate is a function of what is given here, save that signatures on
//! curves differ each time.

use der::{
    Decode, Encode, Sequence,
    asn1::{Any, Ia5String, OctetString},
};
use spki::AlgorithmIdentifierOwned;
use strongroom_keys::{Key, KeyKind, PublicKey};
use x509_cert::{
    ext::{
        Extension,
        pkix::{
            AuthorityKeyIdentifier, CrlDistributionPoints, SubjectKeyIdentifier,
            crl::dp::DistributionPoint,
            name::{DistributionPointName, GeneralName},
        },
    },
    time::Validity,
};

use crate::{
    authority::{Authority, NotPermitted},
    profile::{
        AUTHORITY_KEY_IDENTIFIER, Order, Profile, ProfileError, REVOCATION_LISTS, SUBJECT_KEY_IDENTIFIER,
        extension,
    },
    serial::Serial,
    signer::{self, SignError, Signer},
};

/// Why no certificate was issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The authority.
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    /// The signature.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl From<der::Error> for IssueError {
    fn from(error: der::Error) -> Self {
        Self::Profile(error.into())
    }
}

/// `TBSCertificate` (RFC 5280, 4.1). Names are DER as it was read, because an issuer must be, byte by byte, the subject
/// of the authority.
#[derive(Sequence)]
struct Content {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial: Serial,
    algorithm: AlgorithmIdentifierOwned,
    issuer: Any,
    validity: Validity,
    subject: Any,
    public_key: Any,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

/// Version 3.
const VERSION: u8 = 2;

/// The certificate of a key, in DER, signed by the key itself.
pub fn self_signed(key: &Key, profile: &Profile, serial: Serial) -> Result<Vec<u8>, IssueError> {
    let subject = Any::from_der(&profile.subject.to_der()?)?;
    let own = key_identifier(key.public())?;
    let content = Content {
        version: VERSION,
        serial,
        algorithm: Signer::new(key)?.identifier().clone(),
        issuer: subject.clone(),
        validity: profile.der_validity()?,
        subject,
        public_key: signer::public_key_info(key.public())?,
        extensions: extensions(profile, key.key_type().kind(), &own, &own)?,
    };
    Ok(Signer::new(key)?.signed(&content)?)
}

/// The certificate of a key, in DER, signed by an authority, if that permits it.
///
/// Where the authority has a list of revoked certificates, the certificate says where.
pub fn by_authority(
    authority: &Authority,
    key: &PublicKey,
    profile: &Profile,
    serial: Serial,
) -> Result<Vec<u8>, IssueError> {
    authority.check(profile)?;
    let signer = Signer::new(authority.key())?;
    let mut extensions = extensions(
        profile,
        key.key_type().kind(),
        &authority.certificate().key_identifier(),
        &key_identifier(key)?,
    )?;
    if let Some(url) = authority.revocation_list_url() {
        extensions.push(revocation_lists(url)?);
    }
    let content = Content {
        version: VERSION,
        serial,
        algorithm: signer.identifier().clone(),
        issuer: authority.certificate().subject_der().clone(),
        validity: profile.der_validity()?,
        subject: Any::from_der(&profile.subject.to_der()?)?,
        public_key: signer::public_key_info(key)?,
        extensions,
    };
    Ok(signer.signed(&content)?)
}

fn extensions(
    profile: &Profile,
    kind: KeyKind,
    issuer: &[u8],
    own: &[u8],
) -> Result<Vec<Extension>, IssueError> {
    let mut extensions = profile.extensions(Order::Certificate, kind)?;
    extensions.push(authority_key_identifier(issuer)?);
    let own = SubjectKeyIdentifier(OctetString::new(own)?);
    extensions.push(extension(SUBJECT_KEY_IDENTIFIER, false, own.to_der()?)?);
    Ok(extensions)
}

/// The extension that names the key of the issuer.
pub(crate) fn authority_key_identifier(issuer: &[u8]) -> der::Result<Extension> {
    let identifier = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(issuer)?),
        ..AuthorityKeyIdentifier::default()
    };
    extension(AUTHORITY_KEY_IDENTIFIER, false, identifier.to_der()?)
}

fn revocation_lists(url: &str) -> der::Result<Extension> {
    let url = GeneralName::UniformResourceIdentifier(Ia5String::new(url)?);
    let points = CrlDistributionPoints(vec![DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![url])),
        reasons: None,
        crl_issuer: None,
    }]);
    extension(REVOCATION_LISTS, false, points.to_der()?)
}

/// SHA-1 of the bits of a public key (RFC 5280, 4.2.1.2).
fn key_identifier(key: &PublicKey) -> Result<[u8; 20], SignError> {
    let info = signer::public_key_info(key)?;
    let info: spki::SubjectPublicKeyInfoOwned = info.decode_as()?;
    Ok(signer::sha1(info.subject_public_key.raw_bytes()))
}
