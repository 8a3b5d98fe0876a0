//! The shapes of certificates on the wire (Key Vault API, Certificates/models.tsp).
//!
//! A policy is JSON here, as the wire has it. The vault and the caller know what it means; programs that have no use for
//! certificates use this client too.

use std::{collections::BTreeMap, fmt};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::{
    attributes::{Attributes, NewAttributes},
    id::{CertificateId, KeyId, SecretId},
    secret::expose,
};

/// A certificate by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Certificate {
    /// Name and version.
    pub id: CertificateId,
    /// Its key; none before it is issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<KeyId>,
    /// The secret that holds its chain; none before it is issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SecretId>,
    /// The SHA-1 of the certificate in base64url; none before it is issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x5t: Option<String>,
    /// The certificate in base64; none before it is issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cer: Option<String>,
    /// State and times, of which the certificate says when it is valid.
    pub attributes: Attributes,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The policy, where no version was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
    /// The place of its operation, where there is one and no version was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Value>,
    /// Whom it names, where a version was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Who issued it, where a version was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Its serial number in hexadecimal, where a version was asked for.
    #[serde(default, rename = "serialnumber", skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// Whether its chain stays in the order in which it came, where that was said.
    #[serde(
        default,
        rename = "preserveCertOrder",
        skip_serializing_if = "Option::is_none"
    )]
    pub preserve_order: Option<bool>,
}

/// A certificate as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct CertificateItem {
    /// Name, and version where one version is meant.
    pub id: CertificateId,
    /// The SHA-1 of the certificate in base64url; none before it is issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x5t: Option<String>,
    /// State and times.
    pub attributes: Attributes,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// A new version of a certificate, which the vault makes or has made. What is left out is as the vault has it by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewCertificate {
    /// The policy; without it, that of the version before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
    /// Everything else.
    #[serde(flatten)]
    pub about: CertificateChange,
}

/// A new version of a certificate, which was issued elsewhere, with its private key.
#[derive(Debug, Serialize)]
pub struct CertificateImport {
    /// A PFX in base64, or PEM. Only the request's body exposes it.
    #[serde(serialize_with = "expose")]
    pub value: SecretString,
    /// The password of the PFX, if it has one. Only the request's body exposes it.
    #[serde(
        rename = "pwd",
        skip_serializing_if = "Option::is_none",
        serialize_with = "expose_some"
    )]
    pub password: Option<SecretString>,
    /// What the certificate does not say by itself: how its secret is written, what happens before its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Value>,
    /// Whether its chain stays in the order in which it comes.
    #[serde(rename = "preserveCertOrder", skip_serializing_if = "Option::is_none")]
    pub preserve_order: Option<bool>,
    /// Everything else.
    #[serde(flatten)]
    pub about: CertificateChange,
}

impl CertificateImport {
    /// An upper bound of the JSON of what is secret, in bytes: an escape takes at most six.
    pub(super) fn room(&self) -> usize {
        let password = self.password.as_ref();
        let password = password.map_or(0, |password| password.expose_secret().len());
        2 * self.value.expose_secret().len() + 6 * password
    }
}

/// What somebody issued for the request of an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CertificateMerge {
    /// The certificates in base64: that of the request, and those of its authorities.
    #[serde(rename = "x5c")]
    pub chain: Vec<String>,
    /// Everything else.
    #[serde(flatten)]
    pub about: CertificateChange,
}

/// A change of what is known about a version. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CertificateChange {
    /// Whether it is enabled. When it is valid, the certificate itself says.
    pub attributes: NewAttributes,
    /// Labels; these replace the old ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// What makes a version of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct CertificateOperation {
    /// Where it is read.
    pub id: String,
    /// Who issues.
    pub issuer: OperationIssuer,
    /// The request that is to be signed (PKCS#10), in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csr: Option<String>,
    /// Whether somebody wants it to be cancelled.
    #[serde(default)]
    pub cancellation_requested: bool,
    /// How far it is.
    pub status: OperationStatus,
    /// What it waits for, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_details: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<OperationError>,
    /// What it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Which of the operations on the certificate it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Whether the chain is to stay in the order in which it comes, where that was said.
    #[serde(
        default,
        rename = "preserveCertOrder",
        skip_serializing_if = "Option::is_none"
    )]
    pub preserve_order: Option<bool>,
}

/// Who issues: `Self`, `Unknown`, or the name of an issuer of the vault.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct OperationIssuer {
    /// As the policy says it.
    pub name: String,
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum OperationStatus {
    /// Somebody has still to do something.
    InProgress,
    /// The version is there.
    Completed,
    /// Somebody wanted it to stop.
    Cancelled,
    /// The issuer refused.
    Failed,
}

impl fmt::Display for OperationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InProgress => "inProgress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        })
    }
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct OperationError {
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub message: String,
}

#[allow(clippy::ref_option, reason = "the form that serde asks for")]
fn expose_some<S: Serializer>(value: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => expose(value, serializer),
        None => serializer.serialize_none(),
    }
}
