//! Names and UIDs of Kubernetes objects: what a vault knows of accounts, pods and nodes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a text is neither a UID nor a name of a Kubernetes object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResourceNameError {
    /// Not 1 to 64 letters, digits and dashes.
    #[error("a UID is 1 to 64 letters, digits and dashes")]
    Uid,
    /// Not a name of a service account, pod or node (RFC 1123 subdomain).
    #[error("a resource name is 1 to 253 lower-case letters, digits, dashes and dots")]
    ResourceName,
}

/// The UID of a Kubernetes object. Policies are bound to UIDs, since a name can be given to another object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uid(Box<str>);

impl Uid {
    /// The text, as Kubernetes writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Uid {
    type Err = ResourceNameError;

    fn from_str(text: &str) -> Result<Self, ResourceNameError> {
        let fits = (1..=64).contains(&text.len());
        if fits
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            Ok(Self(text.into()))
        } else {
            Err(ResourceNameError::Uid)
        }
    }
}

/// The name of a service account, pod or node: a subdomain of RFC 1123.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceName(Box<str>);

impl ResourceName {
    /// The text, as Kubernetes writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ResourceName {
    type Err = ResourceNameError;

    fn from_str(text: &str) -> Result<Self, ResourceNameError> {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = (1..=253).contains(&text.len());
        let ends = text.bytes().next().is_some_and(is_part) && text.bytes().last().is_some_and(is_part);
        if fits
            && ends
            && text
                .bytes()
                .all(|byte| is_part(byte) || byte == b'-' || byte == b'.')
        {
            Ok(Self(text.into()))
        } else {
            Err(ResourceNameError::ResourceName)
        }
    }
}

/// Implements the textual traits through the parser only.
macro_rules! textual {
    ($($type:ident)+) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = ResourceNameError;

            fn try_from(text: String) -> Result<Self, ResourceNameError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0.into()
            }
        }
    )+};
}

textual!(Uid ResourceName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uids_and_names_outside_their_alphabet_are_refused() {
        for text in ["", "a b", "a/b", "a\n", &"a".repeat(65)] {
            assert_eq!(text.parse::<Uid>(), Err(ResourceNameError::Uid), "{text:?}");
        }
        for text in ["", ".a", "a.", "A", "a/b", "a:b", &"a".repeat(254)] {
            assert_eq!(
                text.parse::<ResourceName>(),
                Err(ResourceNameError::ResourceName),
                "{text:?}"
            );
        }
    }
}
