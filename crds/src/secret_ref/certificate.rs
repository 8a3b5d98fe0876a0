//! A certificate as a file's content: which certificate, what of it, and in which format.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::password::PasswordSource;
use crate::rule;

/// A part of a certificate as a file's content. It is read from the secret of the certificate's name.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[x_kube(validation = Rule::new("!has(self.format) || self.format != 'DER' || self.part in ['Leaf', 'PrivateKey']").message("DER holds one thing: only the parts Leaf and PrivateKey have it."))]
#[x_kube(validation = Rule::new("!has(self.format) || !(self.format in ['PKCS12', 'JKS']) || self.part in ['Bundle', 'CA', 'Leaf']").message("PKCS12 and JKS are stores of Java: only the parts Bundle, CA and Leaf have them."))]
#[x_kube(validation = Rule::new("has(self.password) == (has(self.format) && self.format in ['PKCS12', 'JKS'])").message("The formats PKCS12 and JKS need a password, and no other format has one."))]
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
    /// certificate or key. PKCS12 and JKS: a store of Java under a password. Of the part Bundle it is a key store, of CA
    /// and Leaf a trust store. Default: PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<CertificateFormatField>,
    /// The password of a store: with the formats PKCS12 and JKS, and with no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordSource>,
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
    /// A store under a password (RFC 7292).
    #[serde(rename = "PKCS12")]
    Pkcs12,
    /// A store under a password, in Java's own form.
    #[serde(rename = "JKS")]
    Jks,
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

/// A store of Java under a password: what of a certificate it holds, and in which format.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct CertificateStore {
    /// What it holds.
    pub holds: StoreContents,
    /// How it is written.
    pub format: StoreFormat,
}

/// What of a certificate a store holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum StoreContents {
    /// The private key with the chain, as one entry.
    KeyAndChain,
    /// The certificates of the authorities, each as one that is trusted.
    Authorities,
    /// The certificate alone, as one that is trusted.
    Leaf,
}

/// The format of a store.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum StoreFormat {
    /// RFC 7292.
    Pkcs12,
    /// Java's own.
    Jks,
}

/// What the file of a certificate is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CertificateFile<'a> {
    /// Text or bytes that everybody reads who has the file.
    Part(CertificatePart),
    /// A store under this password.
    Store(CertificateStore, &'a PasswordSource),
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
    /// A store of what Java keeps in none.
    #[error("certificate.format is PKCS12 or JKS, which only the parts Bundle, CA and Leaf have")]
    Store,
    /// A store without a password.
    #[error("certificate.format is PKCS12 or JKS, which need a certificate.password")]
    NoPassword,
    /// A password of what has none.
    #[error("certificate.password is there, and only the formats PKCS12 and JKS have one")]
    Password,
}

impl CertificateSource {
    /// What the file is.
    pub fn file(&self) -> Result<CertificateFile<'_>, CertificateSourceError> {
        match self.format.unwrap_or_default() {
            CertificateFormatField::Pem => self.without_password(CertificateFormat::Pem),
            CertificateFormatField::Der => self.without_password(CertificateFormat::Der),
            CertificateFormatField::Pkcs12 => self.store(StoreFormat::Pkcs12),
            CertificateFormatField::Jks => self.store(StoreFormat::Jks),
            CertificateFormatField::Unknown => Err(CertificateSourceError::Unknown { field: "format" }),
        }
    }

    fn without_password(
        &self,
        format: CertificateFormat,
    ) -> Result<CertificateFile<'_>, CertificateSourceError> {
        let part = self.part(format)?;
        match self.password {
            None => Ok(CertificateFile::Part(part)),
            Some(_) => Err(CertificateSourceError::Password),
        }
    }

    fn store(&self, format: StoreFormat) -> Result<CertificateFile<'_>, CertificateSourceError> {
        let holds = self.contents()?;
        let password = self.password.as_ref();
        let password = password.ok_or(CertificateSourceError::NoPassword)?;
        Ok(CertificateFile::Store(
            CertificateStore { holds, format },
            password,
        ))
    }

    fn part(&self, format: CertificateFormat) -> Result<CertificatePart, CertificateSourceError> {
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

    const fn contents(&self) -> Result<StoreContents, CertificateSourceError> {
        match self.part {
            CertificatePartField::Bundle => Ok(StoreContents::KeyAndChain),
            CertificatePartField::Ca => Ok(StoreContents::Authorities),
            CertificatePartField::Leaf => Ok(StoreContents::Leaf),
            CertificatePartField::Chain | CertificatePartField::PrivateKey => {
                Err(CertificateSourceError::Store)
            }
            CertificatePartField::Unknown => Err(CertificateSourceError::Unknown { field: "part" }),
        }
    }
}
