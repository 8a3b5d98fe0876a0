//! What an `AccessPolicy` says of objects: one name, every name with a prefix, or every name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::name::{ObjectName, is_object_byte};

/// Why a text is not an object pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an object pattern is a name, a prefix followed by one *, or * alone")]
pub struct PatternError;

/// Which objects a policy is about. Canonical (lower case) like the names it is matched against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ObjectPattern {
    /// The object of this name.
    Exact(ObjectName),
    /// Every object whose name begins with this text; the empty text is every object.
    Prefix(Box<str>),
}

impl ObjectPattern {
    /// Whether `name` is among the objects meant.
    pub fn matches(&self, name: &ObjectName) -> bool {
        match self {
            Self::Exact(exact) => exact == name,
            Self::Prefix(prefix) => name.as_str().starts_with(&**prefix),
        }
    }
}

impl FromStr for ObjectPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        match text.strip_suffix('*') {
            None => text.parse().map(Self::Exact).map_err(|_| PatternError),
            Some(prefix) if prefix.len() <= ObjectName::MAX_LENGTH && prefix.bytes().all(is_object_byte) => {
                Ok(Self::Prefix(prefix.to_ascii_lowercase().into()))
            }
            Some(_) => Err(PatternError),
        }
    }
}

impl fmt::Display for ObjectPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => name.fmt(f),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl TryFrom<String> for ObjectPattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<ObjectPattern> for String {
    fn from(pattern: ObjectPattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trailing_star_is_special() {
        for text in ["", "a*b", "*a", "**", "a**", "a?", "a.*", "{{x}}*"] {
            assert_eq!(text.parse::<ObjectPattern>(), Err(PatternError), "{text}");
        }
    }

    #[test]
    fn a_prefix_matches_whatever_begins_with_it_in_any_case() {
        let pattern: ObjectPattern = "DB-*".parse().unwrap();
        assert!(pattern.matches(&"db-password".parse().unwrap()));
        assert!(pattern.matches(&"Db-".parse().unwrap()));
        assert!(!pattern.matches(&"db".parse().unwrap()));
        assert_eq!(pattern.to_string(), "db-*");
    }

    #[test]
    fn a_star_alone_matches_everything() {
        let pattern: ObjectPattern = "*".parse().unwrap();
        assert!(pattern.matches(&"x".parse().unwrap()));
    }
}
