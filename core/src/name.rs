//! Names and versions, parsed once at the edge into their one canonical form.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

/// Why a text is not a name of the expected kind. An error never repeats the text, which may be hostile, or a secret in
/// the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not 1 to 127 letters, digits and dashes.
    #[error("an object name is 1 to 127 letters, digits and dashes")]
    Object,
    /// Not a vault name.
    #[error(
        "a vault name is 1 to 40 lower-case letters, digits and dashes, starts with a letter and does not end with a dash"
    )]
    Vault,
    /// The vault name whose host would be the API server's.
    #[error("a vault cannot be named kubernetes: its host would be the API server's")]
    VaultReserved,
    /// Not a namespace name (RFC 1123 label).
    #[error("a namespace name is 1 to 63 lower-case letters, digits and dashes")]
    Namespace,
    /// Not 32 hexadecimal digits.
    #[error("a version is 32 hexadecimal digits")]
    Version,
    /// Not `secrets`, `keys` or `certificates`.
    #[error("an object kind is one of secrets, keys, certificates")]
    Kind,
}

/// Implements the textual traits of a parsed name: serde, `Display` and `TryFrom` go through the parser only.
macro_rules! textual {
    ($type:ident) => {
        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.to_string()
            }
        }
    };
}

/// Implements access to the text of a name that is stored as text.
macro_rules! stored_as_text {
    ($type:ident) => {
        impl $type {
            /// The canonical text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        textual!($type);
    };
}

/// The name of a secret, key or certificate: `^[0-9a-zA-Z-]{1,127}$`.
///
/// A name is folded for comparing and kept for showing: two spellings of one name are equal, have one order and one hash
/// (Azure compares names without case; About keys, secrets and certificates: "Object identifiers"), and
/// [`Self::spelling`] is the text as it was parsed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectName {
    folded: Box<str>,
    /// The text as parsed, where it is not the folded one.
    spelling: Option<Box<str>>,
}

impl ObjectName {
    /// The longest name, in characters.
    pub const MAX_LENGTH: usize = 127;

    /// The name in lower case: what is compared, stored as a key and written into policies and logs.
    pub fn as_str(&self) -> &str {
        &self.folded
    }

    /// The name as it was written: what is shown to callers.
    pub fn spelling(&self) -> &str {
        self.spelling.as_deref().unwrap_or(&self.folded)
    }
}

impl FromStr for ObjectName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len());
        if !fits || !text.bytes().all(is_object_byte) {
            return Err(NameError::Object);
        }
        let is_folded = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        Ok(Self {
            folded: text.to_ascii_lowercase().into(),
            spelling: (!is_folded).then(|| text.into()),
        })
    }
}

impl PartialEq for ObjectName {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for ObjectName {}

impl PartialOrd for ObjectName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ObjectName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl Hash for ObjectName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

/// Shows the folded name, as `Display` does: two equal names look equal.
impl fmt::Debug for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ObjectName").field(&self.folded).finish()
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.folded)
    }
}

textual!(ObjectName);

/// Whether `byte` may stand in an object name.
pub(crate) fn is_object_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// The name of a vault: `^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$`, and not `kubernetes`, whose host in namespace `default`
/// is the API server's own audience.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VaultName(Box<str>);

impl FromStr for VaultName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let starts_with_letter = text.starts_with(|first: char| first.is_ascii_lowercase());
        if !starts_with_letter || text.len() > 40 || !is_label(text) {
            Err(NameError::Vault)
        } else if text == "kubernetes" {
            Err(NameError::VaultReserved)
        } else {
            Ok(Self(text.into()))
        }
    }
}

stored_as_text!(VaultName);

/// The name of a namespace: a label of RFC 1123.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NamespaceName(Box<str>);

impl FromStr for NamespaceName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if is_label(text) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Namespace)
        }
    }
}

stored_as_text!(NamespaceName);

/// Whether `text` is a lower-case RFC 1123 label.
fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The version of an object: 16 random bytes, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version([u8; 16]);

impl Version {
    /// A version from its bytes, as the caller's random source gave them.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for Version {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NameError::Version)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

textual!(Version);

/// The three kinds of object a vault keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectKind {
    /// A secret: a value that leaves the vault.
    Secrets,
    /// A key: it stays in the vault, which performs operations with it.
    Keys,
    /// A certificate with its key.
    Certificates,
}

impl ObjectKind {
    /// The collection's segment in the vault's API, which is also the prefix of its permissions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secrets => "secrets",
            Self::Keys => "keys",
            Self::Certificates => "certificates",
        }
    }

    /// One object of the kind, in a sentence.
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Secrets => "secret",
            Self::Keys => "key",
            Self::Certificates => "certificate",
        }
    }
}

impl FromStr for ObjectKind {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        [Self::Secrets, Self::Keys, Self::Certificates]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(NameError::Kind)
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_has_one_canonical_form() {
        let lower: ObjectName = "db-password".parse().unwrap();
        assert_eq!("DB-Password".parse::<ObjectName>().unwrap(), lower);
        assert_eq!(lower.as_str(), "db-password");
        let written: ObjectName = "DB-Password".parse().unwrap();
        assert_eq!(
            (written.as_str(), written.spelling()),
            ("db-password", "DB-Password")
        );
        assert_eq!(written.to_string(), "db-password");
        assert_eq!(lower.spelling(), "db-password");
        assert_eq!(written.cmp(&lower), Ordering::Equal);
        assert!(std::collections::HashSet::from([lower]).contains(&written));
    }

    #[test]
    fn names_outside_the_alphabet_are_refused() {
        for text in [
            "",
            "a.b",
            "..",
            "a/b",
            "a%2fb",
            "a b",
            "ä",
            "a\0",
            "a_b",
            &"x".repeat(128),
        ] {
            assert_eq!(text.parse::<ObjectName>(), Err(NameError::Object), "{text:?}");
        }
        assert!("x".repeat(127).parse::<ObjectName>().is_ok());
    }

    #[test]
    fn a_vault_cannot_take_the_api_servers_name() {
        assert_eq!("kubernetes".parse::<VaultName>(), Err(NameError::VaultReserved));
    }

    #[test]
    fn vault_names_follow_their_grammar() {
        for text in ["a", "prod", "a1", "a-1", &format!("a{}", "b".repeat(39))] {
            assert!(text.parse::<VaultName>().is_ok(), "{text}");
        }
        for text in ["", "1a", "-a", "a-", "A", "a.b", &"a".repeat(41)] {
            assert_eq!(text.parse::<VaultName>(), Err(NameError::Vault), "{text}");
        }
    }

    #[test]
    fn a_version_is_exactly_32_hexadecimal_digits() {
        let text = "0123456789abcdef0123456789abcdef";
        assert_eq!(text.parse::<Version>().unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<Version>().unwrap().to_string(), text);
        for text in ["", "0", &"g".repeat(32), &"0".repeat(31), &"0".repeat(33)] {
            assert_eq!(text.parse::<Version>(), Err(NameError::Version), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_spelling_of_a_name_is_the_same_name(text in "[0-9a-zA-Z-]{1,127}") {
            let name: ObjectName = text.parse().unwrap();
            prop_assert_eq!(text.to_ascii_uppercase().parse::<ObjectName>().unwrap(), name.clone());
            prop_assert_eq!(name.as_str().parse::<ObjectName>().unwrap(), name);
        }

        #[test]
        fn no_text_parses_to_a_name_outside_the_alphabet(text in ".{0,140}") {
            if let Ok(name) = text.parse::<ObjectName>() {
                prop_assert!(name.as_str().bytes().all(is_object_byte));
            }
        }
    }
}
