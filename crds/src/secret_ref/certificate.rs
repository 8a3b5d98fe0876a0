//! A certificate as a file's content: which certificate, what of it, and in which format.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule;

/// A part of a certificate as a file's content. It is read from the secret of the certificate's name.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("!has(self.format) || self.format != 'DER' || self.part in ['Leaf', 'PrivateKey']").message("DER holds one thing: only the parts Leaf and PrivateKey have it."))]
#[serde(rename_all = "camelCase")]
pub struct CertificateSource {
    /// The certificate's name: letters, digits and dashes; upper and lower case are the same.
    #[schemars(length(min = 1, max = 127))]
    #[x_kube(validation = rule::object_name())]
    pub name: String,
    /// The version that the file is pinned to, 32 hexadecimal digits. Default: the current version, and every newer
    /// one when it comes, as by a renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 32, max = 32))]
    #[x_kube(validation = rule::version())]
    pub version: Option<String>,
    /// What of the certificate the file holds. Chain: the certificate, and after it those of the authorities. Leaf: the
    /// certificate alone. CA: those of the authorities alone. PrivateKey: the private key in PKCS#8, if it may leave the
    /// vault. Bundle: the private key, and after it the chain.
    pub part: CertificatePartField,
    /// The file's format. PEM: blocks of text, as openssl and most programs read them. DER: the bytes of the one
    /// certificate or key. Default: PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<CertificateFormatField>,
}

/// The part of a certificate, as it is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum CertificatePartField {
    /// The certificate and those of the authorities.
    Chain,
    /// The certificate.
    Leaf,
    /// Those of the authorities.
    #[serde(rename = "CA")]
    Ca,
    /// The private key.
    PrivateKey,
    /// The private key and the chain.
    Bundle,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// The format of a certificate's file, as it is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum CertificateFormatField {
    /// Blocks of text (RFC 7468).
    #[default]
    #[serde(rename = "PEM")]
    Pem,
    /// The bytes.
    #[serde(rename = "DER")]
    Der,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What of a certificate a file holds, and how.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum CertificatePart {
    /// The certificate, and after it those of the authorities, as PEM.
    Chain,
    /// The certificate.
    Leaf(CertificateFormat),
    /// Those of the authorities, as PEM.
    Ca,
    /// The private key, in PKCS#8.
    PrivateKey(CertificateFormat),
    /// The private key, and after it the chain, as PEM.
    Bundle,
}

/// The format of one certificate or key.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum CertificateFormat {
    /// A block of text.
    Pem,
    /// The bytes.
    Der,
}

/// Why a certificate's file cannot be made by this release.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CertificateSourceError {
    /// A field holds a value of a newer release.
    #[error("certificate.{field} holds a value that this release does not know")]
    Unknown {
        /// The field.
        field: &'static str,
    },
    /// DER of what are several things.
    #[error("certificate.format is DER, which only the parts Leaf and PrivateKey have")]
    Der,
}

impl CertificateSource {
    /// What of the certificate the file holds.
    pub fn part(&self) -> Result<CertificatePart, CertificateSourceError> {
        let format = match self.format.unwrap_or_default() {
            CertificateFormatField::Pem => CertificateFormat::Pem,
            CertificateFormatField::Der => CertificateFormat::Der,
            CertificateFormatField::Unknown => {
                return Err(CertificateSourceError::Unknown { field: "format" });
            }
        };
        let as_pem = |part| match format {
            CertificateFormat::Pem => Ok(part),
            CertificateFormat::Der => Err(CertificateSourceError::Der),
        };
        match self.part {
            CertificatePartField::Chain => as_pem(CertificatePart::Chain),
            CertificatePartField::Leaf => Ok(CertificatePart::Leaf(format)),
            CertificatePartField::Ca => as_pem(CertificatePart::Ca),
            CertificatePartField::PrivateKey => Ok(CertificatePart::PrivateKey(format)),
            CertificatePartField::Bundle => as_pem(CertificatePart::Bundle),
            CertificatePartField::Unknown => Err(CertificateSourceError::Unknown { field: "part" }),
        }
    }
}
