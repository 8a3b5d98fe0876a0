//! Certificates that exist, whoever made them.
//!
//! They are parsed, and nothing more: neither their signatures nor their algorithms are checked, because Azure takes
//! certificates whose algorithms are long obsolete.

use der::{
    Decode, Sequence,
    asn1::{Any, BitString, ObjectIdentifier},
};
use spki::SubjectPublicKeyInfoOwned;
use strongroom_keys::{KeyType, PublicKey};

use crate::{
    alternative_names::AlternativeNames, name::DistinguishedName, profile::Validity, serial::Serial, signer,
    time, usage::KeyUsages,
};

mod extensions;
mod public_key;

use self::extensions::Extensions;

/// The most bytes of a certificate.
pub const LARGEST: usize = 64 * 1024;

/// Why DER is no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It has more than [`LARGEST`] bytes.
    #[error("the certificate has {0} bytes, and at most 65536 are allowed")]
    TooLarge(usize),
    /// It has not the shape of a certificate.
    #[error("the certificate is not the DER that it should be")]
    Malformed,
    /// One of its dates is none.
    #[error("a date in the certificate is none")]
    Date,
    /// An extension that a vault reads is not what its type says, or is there twice.
    #[error("the extension {0} of the certificate is not what it should be, or is there twice")]
    Extension(ObjectIdentifier),
}

/// `Certificate` (RFC 5280, 4.1).
#[derive(Sequence)]
struct Signed {
    content: Content,
    algorithm: Any,
    signature: Any,
}

/// `TBSCertificate`. What a vault does not read may be anything.
#[derive(Sequence)]
struct Content {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    version: Option<Any>,
    serial: Serial,
    algorithm: Any,
    issuer: Any,
    validity: Vec<Any>,
    subject: Any,
    public_key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    issuer_id: Option<BitString>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    subject_id: Option<BitString>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Vec<Vec<Any>>>,
}

/// A certificate, parsed once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    serial: Serial,
    issuer: Name,
    subject: Name,
    validity: Validity,
    public_key: SubjectPublicKeyInfoOwned,
    extensions: Extensions,
}

/// A name, and its DER as it stands in the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    der: Any,
    name: DistinguishedName,
}

impl Certificate {
    /// Parses DER.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > LARGEST {
            return Err(CertificateError::TooLarge(der.len()));
        }
        let content = Signed::from_der(der)
            .map_err(|_| CertificateError::Malformed)?
            .content;
        Ok(Self {
            der: der.to_vec(),
            serial: content.serial,
            issuer: name(content.issuer)?,
            subject: name(content.subject)?,
            validity: validity(&content.validity)?,
            public_key: content.public_key,
            extensions: Extensions::read(content.extensions.unwrap_or_default())?,
        })
    }

    /// The whole, in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-1 of the DER: the member `x5t`.
    pub fn thumbprint(&self) -> [u8; 20] {
        signer::sha1(&self.der)
    }

    /// The serial number.
    pub const fn serial(&self) -> &Serial {
        &self.serial
    }

    /// Whom it is about. It may be empty.
    pub const fn subject(&self) -> &DistinguishedName {
        &self.subject.name
    }

    /// Who signed it.
    pub const fn issuer(&self) -> &DistinguishedName {
        &self.issuer.name
    }

    /// The subject as it stands there.
    pub(crate) const fn subject_der(&self) -> &Any {
        &self.subject.der
    }

    /// When it is valid.
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// What its key is for; none if it does not say.
    pub const fn key_usages(&self) -> Option<&KeyUsages> {
        self.extensions.key_usages.as_ref()
    }

    /// What it is for, as object identifiers; none if it does not say.
    pub fn extended_key_usages(&self) -> Option<&[ObjectIdentifier]> {
        self.extensions.extended_key_usages.as_deref()
    }

    /// The names beside the subject; none if there is no such extension.
    pub const fn alternative_names(&self) -> Option<&AlternativeNames> {
        self.extensions.alternative_names.as_ref()
    }

    /// Whether it is that of an authority.
    pub const fn is_authority(&self) -> bool {
        self.extensions.is_authority
    }

    /// The type and size of its key; none of a key that a vault cannot have.
    pub fn key_type(&self) -> Option<KeyType> {
        public_key::key_type(&self.public_key)
    }

    /// Whether its key is that one, however it is written.
    pub fn has_public_key(&self, key: &PublicKey) -> bool {
        public_key::is_same(&self.public_key, key)
    }

    /// What names its key in certificates that the key signed: the subject key identifier, or else SHA-1 of the key.
    pub(crate) fn key_identifier(&self) -> Vec<u8> {
        let own = self.extensions.subject_key_identifier.clone();
        own.unwrap_or_else(|| signer::sha1(self.public_key.subject_public_key.raw_bytes()).to_vec())
    }

    /// The value of the extension `nameConstraints`.
    pub(crate) fn name_constraints(&self) -> Option<&[u8]> {
        self.extensions.name_constraints.as_deref()
    }

    /// Where it says that lists of revoked certificates are; none if it does not say, or not in a form that is read.
    pub fn revocation_list_urls(&self) -> Vec<String> {
        self.extensions.revocation_list_urls()
    }

    /// Whether the key signed it, in the way in which keys sign here. What another program signed otherwise with the same key
    /// does not count.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        signer::has_signed(key, &self.der)
    }

    /// Whether `issuer` looks like what signed it: by name, and by the identifiers of keys where both have them.
    pub fn may_be_signed_by(&self, issuer: &Self) -> bool {
        let is_name = self.issuer.name.is_same(&issuer.subject.name);
        let is_key = match (
            &self.extensions.authority_key_identifier,
            &issuer.extensions.subject_key_identifier,
        ) {
            (Some(signer), Some(own)) => signer == own,
            _ => true,
        };
        is_name && is_key
    }
}

fn name(der: Any) -> Result<Name, CertificateError> {
    let name = der::Encode::to_der(&der).map_err(|_| CertificateError::Malformed)?;
    let name = DistinguishedName::from_der(&name).map_err(|_| CertificateError::Malformed)?;
    Ok(Name { der, name })
}

fn validity(times: &[Any]) -> Result<Validity, CertificateError> {
    let [first, last] = times else {
        return Err(CertificateError::Malformed);
    };
    Ok(Validity {
        not_before: time::from_der(first).ok_or(CertificateError::Date)?,
        not_after: time::from_der(last).ok_or(CertificateError::Date)?,
    })
}
