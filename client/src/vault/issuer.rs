//! The shapes of whom a vault asks for certificates and whom it tells of them (Key Vault API, Certificates/models.tsp,
//! `IssuerBundle` and `Contacts`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attributes::Attributes;

/// An issuer of a vault's certificates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct CertificateIssuer {
    /// Where it is read.
    pub id: String,
    /// Who issues.
    #[serde(default)]
    pub provider: String,
    /// The account with the provider; never its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Value>,
    /// For whom, and who administers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_details: Option<Value>,
    /// State and times; none in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
    /// What signs and what is permitted, with the provider `Strongroom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strongroom: Option<Value>,
}

impl CertificateIssuer {
    /// The name, which is the end of the id.
    pub fn name(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }
}

/// Whom a vault tells of its certificates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct CertificateContacts {
    /// Where they are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who they are.
    #[serde(default)]
    pub contacts: Vec<CertificateContact>,
}

/// Somebody whom a vault tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct CertificateContact {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}
