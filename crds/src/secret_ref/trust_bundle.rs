//! The trust bundle as a file's content: whose certificates, and in which format.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The vault's trust bundle as a file's content.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrustBundleSource {
    /// Whose certificates the file holds. Vault: those that the vault's own TLS certificate can be verified with.
    /// System: these, and the public authorities that a system's own list of certificates holds: those that Mozilla
    /// trusted for web servers when this release was made. SSL_CERT_FILE, REQUESTS_CA_BUNDLE and a trust store of Java
    /// replace that list, so a program that also connects to public servers needs both. Default: Vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roots: Option<TrustRootsField>,
    /// The file's format. PEM: certificates one after another. PKCS12: a trust store for Java, which opens with any
    /// password, such as changeit, and without one. Default: PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<TrustFormatField>,
}

/// Whose certificates a trust bundle's file holds, as it is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum TrustRootsField {
    /// Those that verify the vault.
    #[default]
    Vault,
    /// These and the public ones.
    System,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// The format of a trust bundle's file, as it is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum TrustFormatField {
    /// Certificates one after another (RFC 7468).
    #[default]
    #[serde(rename = "PEM")]
    Pem,
    /// A trust store of Java (RFC 7292).
    #[serde(rename = "PKCS12")]
    Pkcs12,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// What a trust bundle's file holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct TrustBundle {
    /// Whose certificates.
    pub roots: TrustRoots,
    /// In which format.
    pub format: TrustFormat,
}

/// Whose certificates a trust bundle's file holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum TrustRoots {
    /// Those that verify the vault.
    #[default]
    Vault,
    /// These and the public ones.
    System,
}

/// The format of a trust bundle's file.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum TrustFormat {
    /// Certificates one after another.
    #[default]
    Pem,
    /// A trust store of Java.
    Pkcs12,
}

/// A field holds a value of a newer release.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("trustBundle.{field} holds a value that this release does not know")]
pub struct TrustBundleError {
    /// The field.
    pub field: &'static str,
}

impl TrustBundleSource {
    /// What the file holds.
    pub fn parsed(self) -> Result<TrustBundle, TrustBundleError> {
        let unknown = |field| Err(TrustBundleError { field });
        let roots = match self.roots.unwrap_or_default() {
            TrustRootsField::Vault => TrustRoots::Vault,
            TrustRootsField::System => TrustRoots::System,
            TrustRootsField::Unknown => return unknown("roots"),
        };
        let format = match self.format.unwrap_or_default() {
            TrustFormatField::Pem => TrustFormat::Pem,
            TrustFormatField::Pkcs12 => TrustFormat::Pkcs12,
            TrustFormatField::Unknown => return unknown("format"),
        };
        Ok(TrustBundle { roots, format })
    }
}
