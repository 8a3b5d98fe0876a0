//! Where a file lies below the mount point. Checked here, where it is used, although the API server checks it too.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A relative, clean path of one to four plain names, none of which begins with two dots.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(Box<str>);

/// Why a path is not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Absolute, unclean, too deep, or made of something else than plain names.
    #[error(
        "path {0:?} is not one to four names of letters, digits, dots, dashes and underscores, divided by slashes, none beginning with two dots"
    )]
    Malformed(Box<str>),
    /// Two entries of the same path.
    #[error("path {0} is given twice")]
    Twice(FilePath),
    /// One entry's path is the directory of another.
    #[error("path {0} is the directory of another file")]
    Directory(FilePath),
}

impl FilePath {
    /// The most names in a path.
    pub const MAX_DEPTH: usize = 4;
    /// The longest name, in bytes.
    pub const MAX_NAME: usize = 64;

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names, outermost directory first.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }

    /// The outermost name: what stands in the mount point itself.
    pub fn top(&self) -> &str {
        self.0.split_once('/').map_or(&*self.0, |(top, _)| top)
    }

    /// The directories above the file, outermost first: `a` and `a/b` of `a/b/c`.
    pub fn directories(&self) -> impl Iterator<Item = &str> {
        self.0.match_indices('/').map(|(at, _)| self.0.split_at(at).0)
    }
}

/// Refuses paths that cannot stand beside each other.
pub fn check_disjoint<'a>(paths: impl IntoIterator<Item = &'a FilePath>) -> Result<(), PathError> {
    let mut seen = BTreeSet::new();
    for path in paths {
        if !seen.insert(path) {
            return Err(PathError::Twice(path.clone()));
        }
    }
    let directories: BTreeSet<&str> = seen.iter().flat_map(|path| path.directories()).collect();
    seen.into_iter()
        .find(|path| directories.contains(path.as_str()))
        .map_or(Ok(()), |path| Err(PathError::Directory(path.clone())))
}

impl FromStr for FilePath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let depth = text.split('/').count();
        if depth <= Self::MAX_DEPTH && text.split('/').all(is_name) {
            Ok(Self(text.into()))
        } else {
            Err(PathError::Malformed(text.chars().take(200).collect()))
        }
    }
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=FilePath::MAX_NAME).contains(&name.len())
        && name != "."
        && !name.starts_with("..")
        && name.bytes().all(plain)
}

impl TryFrom<String> for FilePath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        text.parse()
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.0.into()
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> FilePath {
        text.parse().unwrap()
    }

    #[test]
    fn only_relative_clean_paths_of_four_names_are_read() {
        for good in ["a", "a/b/c/d", ".env", "tls/tls.crt", "A_b-c.d", &"x".repeat(64)] {
            assert_eq!(
                good.parse::<FilePath>().map(|path| path.to_string()),
                Ok(good.to_owned())
            );
        }
        for bad in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            "..data",
            "..a",
            "a/..b",
            "a\\b",
            "a b",
            "a\0",
            "ä",
            "a/b/c/d/e",
            "%2e%2e/a",
            &"x".repeat(65),
        ] {
            assert!(
                matches!(bad.parse::<FilePath>(), Err(PathError::Malformed(_))),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn equal_paths_and_a_path_below_a_file_are_refused() {
        assert_eq!(
            check_disjoint(&[path("a/b"), path("a/c"), path("a.b"), path("ab")]),
            Ok(())
        );
        assert_eq!(
            check_disjoint(&[path("a"), path("a")]),
            Err(PathError::Twice(path("a")))
        );
        assert_eq!(
            check_disjoint(&[path("a/b/c"), path("a.x"), path("a/b")]),
            Err(PathError::Directory(path("a/b")))
        );
    }

    #[test]
    fn the_directories_of_a_path_come_outermost_first() {
        assert_eq!(path("a/b/c").directories().collect::<Vec<_>>(), ["a", "a/b"]);
        assert_eq!(path("a/b/c").top(), "a");
        assert_eq!(path("a").directories().count(), 0);
    }
}
