//! A secret as a file's content: which secret, and what its value is decoded of.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule;

/// A secret as a file's content.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretSource {
    /// The secret's name: letters, digits and dashes; upper and lower case are the same.
    #[schemars(length(min = 1, max = 127))]
    #[x_kube(validation = rule::object_name())]
    pub name: String,
    /// The version that the file is pinned to, 32 hexadecimal digits. Default: the current version, and every newer
    /// one when it comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 32, max = 32))]
    #[x_kube(validation = rule::version())]
    pub version: Option<String>,
    /// What the value is decoded of, for a file of bytes, such as a keytab, whose secret holds it as text. Base64: of the
    /// standard alphabet, with padding or without it. Hex: two digits for each byte. White space is passed over. Default:
    /// the value is not decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<SecretEncodingField>,
}

/// The encoding of a secret's value, as it is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum SecretEncodingField {
    /// Base64 (RFC 4648, section 4).
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// The encoding of a secret's value.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum SecretEncoding {
    /// Base64 of the standard alphabet.
    Base64,
    /// Hexadecimal digits.
    Hex,
}

/// The encoding is one of a newer release.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("secret.encoding holds a value that this release does not know")]
pub struct SecretEncodingError;

impl SecretSource {
    /// What the value is decoded of, if it is. Errors: this release does not know it.
    pub const fn encoding(&self) -> Result<Option<SecretEncoding>, SecretEncodingError> {
        match self.encoding {
            None => Ok(None),
            Some(SecretEncodingField::Base64) => Ok(Some(SecretEncoding::Base64)),
            Some(SecretEncodingField::Hex) => Ok(Some(SecretEncoding::Hex)),
            Some(SecretEncodingField::Unknown) => Err(SecretEncodingError),
        }
    }
}
