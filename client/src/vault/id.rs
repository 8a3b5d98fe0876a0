//! The id of an object: a URL whose host says nothing to us.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Serialize};
use strongroom_core::{ObjectName, Version};

use super::collection::{Certificates, Collection, Keys, Secrets};

/// An id that is not `https://HOST/KIND/NAME[/VERSION]`, such as `https://HOST/secrets/NAME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the id is not that of an object of this kind")]
pub struct IdError;

/// Which object of one kind, and which version of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String", bound = "K: Collection")]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct ObjectId<K: Collection> {
    pub name: ObjectName,
    /// The version, where the id names one.
    pub version: Option<Version>,
    text: String,
    kind: PhantomData<K>,
}

/// The id of a secret.
pub type SecretId = ObjectId<Secrets>;

/// The id of a key, `kid`.
pub type KeyId = ObjectId<Keys>;

/// The id of a certificate.
pub type CertificateId = ObjectId<Certificates>;

impl<K: Collection> ObjectId<K> {
    /// Whether it is the id of `name`, and of `version` where one is given.
    pub(super) fn is_of(&self, name: &ObjectName, version: Option<&Version>) -> bool {
        self.name == *name && version.is_none_or(|version| self.version == Some(*version))
    }
}

impl<K: Collection> TryFrom<String> for ObjectId<K> {
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
        let known = collection.is_some_and(|collection| {
            let live = collection.strip_prefix("deleted").unwrap_or(collection);
            live.eq_ignore_ascii_case(K::KIND.as_str())
        });
        if known && parts.next().is_none() {
            Ok(Self {
                name,
                version,
                text,
                kind: PhantomData,
            })
        } else {
            Err(IdError)
        }
    }
}

impl<K: Collection> From<ObjectId<K>> for String {
    fn from(id: ObjectId<K>) -> Self {
        id.text
    }
}

impl<K: Collection> fmt::Display for ObjectId<K> {
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

    #[test]
    fn an_id_is_of_one_kind_live_or_deleted() {
        for text in ["https://h/keys/a", "https://h/deletedkeys/a"] {
            let id: KeyId = text.to_owned().try_into().unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(parse(text), Err(IdError), "{text}");
        }
    }
}
