//! A key that comes from elsewhere (Key Vault API, Keys/models.tsp, `KeyImportParameters`).

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Octets, attributes::NewAttributes};

/// A new version of a key, which was made elsewhere. What is left out is as the vault has it by default.
#[derive(Debug, Serialize)]
pub struct KeyImport {
    /// The key.
    pub key: PrivateJwk,
    /// State and times.
    pub attributes: NewAttributes,
    /// Labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// A private JWK (RFC 7517; RFC 7518, section 6). What is secret of it does not print, and is wiped when dropped.
#[derive(Debug, Default, Serialize)]
pub struct PrivateJwk {
    /// `RSA`, `EC`, `oct` or `AKP`.
    pub kty: String,
    /// What it may be used for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// The curve of an EC key.
    #[serde(rename = "crv", skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
    /// The parameter set of an AKP key.
    #[serde(rename = "alg", skip_serializing_if = "Option::is_none")]
    pub parameter_set: Option<String>,
    /// The members that are bytes, by their names.
    #[serde(flatten)]
    pub members: BTreeMap<&'static str, Octets>,
}

impl KeyImport {
    /// An upper bound of the JSON of the key's members, in bytes.
    pub(super) fn room(&self) -> usize {
        let members = self.key.members.iter();
        members
            .map(|(name, bytes)| name.len() + 2 * bytes.as_bytes().len() + 8)
            .sum()
    }
}
