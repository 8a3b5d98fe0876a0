//! The versions of the API, as the query parameter `api-version` names them.
//!
//! All that are known are answered alike: none changed the operations on secrets in a way that an older client would
//! notice. A beta of a client sends a preview of a version, and often one that no list has any more, so every preview of
//! a known version is taken.

use std::fmt;

/// How far a version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is out; previews of it may be.
    Stable,
    /// Only previews of it are out.
    Preview,
}

/// The versions that have the operations on secrets, the newest last (stable/ and preview/ of the REST API
/// specifications).
pub(crate) const VERSIONS: [(&str, Stage); 16] = [
    ("2015-06-01", Stage::Stable),
    ("2016-10-01", Stage::Stable),
    ("7.0", Stage::Stable),
    ("7.1", Stage::Stable),
    ("7.2", Stage::Stable),
    ("7.3", Stage::Stable),
    ("7.4", Stage::Stable),
    ("7.5", Stage::Stable),
    ("7.6", Stage::Stable),
    ("2025-06-01", Stage::Preview),
    ("2025-07-01", Stage::Stable),
    ("2026-01-01", Stage::Preview),
    ("2026-03-01", Stage::Preview),
    ("2026-04-01", Stage::Stable),
    ("2026-05-01", Stage::Preview),
    ("2026-07-01", Stage::Preview),
];

/// A version that is known, or a preview of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ApiVersion {
    version: &'static str,
    suffix: Suffix,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suffix {
    None,
    Preview,
    Numbered(u8),
}

impl ApiVersion {
    /// The version that `text` names, if it is known.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, suffix) = match text.split_once("-preview") {
            None => (text, Suffix::None),
            Some((name, "")) => (name, Suffix::Preview),
            Some((name, number)) => (name, Suffix::Numbered(number.strip_prefix('.')?.parse().ok()?)),
        };
        let (version, stage) = VERSIONS.into_iter().find(|(version, _)| *version == name)?;
        let found = Self { version, suffix };
        let is_out = stage == Stage::Stable || suffix != Suffix::None;
        // A number has one spelling.
        (is_out && found.to_string() == text).then_some(found)
    }

    /// The newest version that is out.
    pub(crate) fn newest() -> &'static str {
        let stable = VERSIONS.iter().rfind(|(_, stage)| *stage == Stage::Stable);
        stable.map_or("", |(version, _)| version)
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.version)?;
        match self.suffix {
            Suffix::None => Ok(()),
            Suffix::Preview => f.write_str("-preview"),
            Suffix::Numbered(number) => write!(f, "-preview.{number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_out_and_every_preview_of_a_known_one_are_known() {
        for text in [
            "2015-06-01",
            "7.0",
            "7.6",
            "7.6-preview.2",
            "7.3-preview",
            "7.5-preview.1",
            "2025-06-01-preview",
            "2025-07-01-preview.11",
            "2026-04-01",
            "2026-07-01-preview",
        ] {
            let known = ApiVersion::parse(text).map(|version| version.to_string());
            assert_eq!(known.as_deref(), Some(text));
        }
        assert_eq!(ApiVersion::newest(), "2026-04-01");
    }

    #[test]
    fn what_is_not_out_and_what_is_spelled_otherwise_is_not_known() {
        for text in [
            "",
            "7",
            "7.7",
            "2027-01-01",
            "2025-06-01",
            "2026-07-01",
            "7.7-preview",
            "7.6-PREVIEW",
            "7.6-preview.",
            "7.6-preview.02",
            "7.6-preview.+2",
            "7.6-preview.256",
            "7.6-preview-preview",
            "7.6-preview.2 ",
            " 7.6",
            "-preview",
        ] {
            assert_eq!(ApiVersion::parse(text), None, "{text}");
        }
    }
}
