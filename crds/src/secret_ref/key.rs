//! The public part of a key as a file's content: which key, and in which encoding.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule;

/// The public part of a key as a file's content.
#[derive(Clone, Debug, Deserialize, Eq, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySource {
    /// The key's name: letters, digits and dashes; upper and lower case are the same.
    #[schemars(length(min = 1, max = 127))]
    #[x_kube(validation = rule::object_name())]
    pub name: String,
    /// The version that the file is pinned to, 32 hexadecimal digits. Default: the current version, and every newer
    /// one when it comes, as by a rotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 32, max = 32))]
    #[x_kube(validation = rule::version())]
    pub version: Option<String>,
    /// The file's encoding. PEM: SubjectPublicKeyInfo, with the label PUBLIC KEY, as openssl reads it. JWK: one JSON
    /// object with the key's public members, its kid, which holds the version, and its key_ops. Default: PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<KeyEncodingField>,
}

/// The encoding of a key's file, as it is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[schemars(transform = crate::schema::undescribed)]
pub enum KeyEncodingField {
    /// SubjectPublicKeyInfo (RFC 5280, RFC 7468).
    #[default]
    #[serde(rename = "PEM")]
    Pem,
    /// A public JSON Web Key (RFC 7517).
    #[serde(rename = "JWK")]
    Jwk,
    /// A value of a newer release.
    #[serde(other)]
    #[schemars(skip)]
    Unknown,
}

/// The encoding of a key's file.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum KeyEncoding {
    /// SubjectPublicKeyInfo.
    #[default]
    Pem,
    /// A public JSON Web Key.
    Jwk,
}

/// The encoding is one of a newer release.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("key.encoding holds a value that this release does not know")]
pub struct KeyEncodingError;

impl KeySource {
    /// The file's encoding. Errors: this release does not know it.
    pub fn encoding(&self) -> Result<KeyEncoding, KeyEncodingError> {
        match self.encoding.unwrap_or_default() {
            KeyEncodingField::Pem => Ok(KeyEncoding::Pem),
            KeyEncodingField::Jwk => Ok(KeyEncoding::Jwk),
            KeyEncodingField::Unknown => Err(KeyEncodingError),
        }
    }
}
