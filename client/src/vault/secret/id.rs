//! The id of a secret: a URL whose host says nothing to us.

use std::fmt;

use serde::{Deserialize, Serialize};
use strongroom_core::{ObjectName, Version};

/// An id that is not `https://HOST/secrets/NAME[/VERSION]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id is not that of a secret")]
pub struct IdError;

/// Which secret, and which version of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct SecretId {
    pub name: ObjectName,
    /// The version, where the id names one.
    pub version: Option<Version>,
    text: String,
}

impl TryFrom<String> for SecretId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        let rest = text.strip_prefix("https://").ok_or(IdError)?;
        let mut parts = rest.split('/');
        let (_host, collection) = (parts.next(), parts.next());
        let name = parts.next().and_then(|name| name.parse().ok()).ok_or(IdError)?;
        let version = match parts.next() {
            None | Some("") => None,
            Some(version) => Some(version.parse().map_err(|_| IdError)?),
        };
        let known = collection
            .is_some_and(|c| c.eq_ignore_ascii_case("secrets") || c.eq_ignore_ascii_case("deletedsecrets"));
        if known && parts.next().is_none() {
            Ok(Self { name, version, text })
        } else {
            Err(IdError)
        }
    }
}

impl From<SecretId> for String {
    fn from(id: SecretId) -> Self {
        id.text
    }
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SecretId, IdError> {
        text.to_owned().try_into()
    }

    #[test]
    fn an_id_names_a_secret_and_perhaps_its_version() {
        let id = parse("https://prod.team-a.svc/secrets/DB/0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(id.name.as_str(), "db");
        assert!(id.version.is_some());
        assert_eq!(
            parse("https://prod.team-a.svc:8443/secrets/db").unwrap().version,
            None
        );
    }

    #[test]
    fn anything_else_is_no_id() {
        for text in [
            "",
            "https://h",
            "https://h/secrets",
            "https://h/secrets/",
            "https://h/secrets/..",
            "https://h/keys/a",
            "https://h/secrets/a/b",
            "https://h/secrets/a/0123456789abcdef0123456789abcdef/x",
            "http://h/secrets/a",
        ] {
            assert_eq!(parse(text), Err(IdError), "{text}");
        }
    }
}
