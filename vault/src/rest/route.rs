//! What a method and a path ask for.
//!
//! A path is never decoded, normalised or redirected: it consists of letters, digits, dashes and single slashes, or it
//! is refused. Two spellings of Azure's clients pass: an empty last segment for the latest version
//! (`/secrets/NAME/`), and the doubled first slash of a documented sample (`//secrets`).

use http::Method;
use strongroom_audit::Resource;
use strongroom_core::{NamedObject, ObjectKind, ObjectName, Operation, Version, name::NameError};

/// The longest path, in bytes: the longest name and version leave room to spare.
const MAX_PATH: usize = 256;

/// Why a method and a path ask for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RouteError {
    /// Anything but letters, digits, dashes and single slashes.
    #[error("the path holds something other than letters, digits, dashes and single slashes, or is too long")]
    Path,
    /// A name or version that is none.
    #[error("{0}")]
    Name(#[from] NameError),
    /// No operation has this path.
    #[error("this vault has no operation at this path")]
    Unknown,
    /// An operation has this path, but not with this method.
    #[error("this path allows {0} only")]
    Method(&'static str),
}

/// One of the twelve secrets operations (Secrets/routes.tsp of the REST API specifications).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Set {
        name: ObjectName,
    },
    Get {
        name: ObjectName,
        version: Option<Version>,
    },
    Update {
        name: ObjectName,
        version: Option<Version>,
    },
    Delete {
        name: ObjectName,
    },
    List,
    ListVersions {
        name: ObjectName,
    },
    ListDeleted,
    GetDeleted {
        name: ObjectName,
    },
    Purge {
        name: ObjectName,
    },
    Recover {
        name: ObjectName,
    },
    Backup {
        name: ObjectName,
    },
    Restore,
}

impl Route {
    /// The operation that `method` and `path` ask for.
    pub(crate) fn parse(method: &Method, path: &str) -> Result<Self, RouteError> {
        let segments = segments(path)?;
        let lower: Vec<String> = segments
            .iter()
            .map(|segment| segment.to_ascii_lowercase())
            .collect();
        let words: Vec<&str> = lower.iter().map(String::as_str).collect();
        let method = method.as_str();
        let name = |text: &str| text.parse::<ObjectName>();
        Ok(match (words.as_slice(), method) {
            (["secrets"], "GET") => Self::List,
            (["deletedsecrets"], "GET") => Self::ListDeleted,
            (["secrets" | "deletedsecrets"], _) => return Err(RouteError::Method("GET")),
            (["secrets", "restore"], "POST") => Self::Restore,
            (["secrets", text], "PUT") => Self::Set { name: name(text)? },
            (["secrets", text], "DELETE") => Self::Delete { name: name(text)? },
            (["secrets", text, "versions"], "GET") => Self::ListVersions { name: name(text)? },
            (["secrets", text, "backup"], "POST") => Self::Backup { name: name(text)? },
            (["secrets", text] | ["secrets", text, ""], "GET") => Self::Get {
                name: name(text)?,
                version: None,
            },
            (["secrets", text] | ["secrets", text, ""], "PATCH") => Self::Update {
                name: name(text)?,
                version: None,
            },
            (["secrets", text, version], "GET") => Self::Get {
                name: name(text)?,
                version: Some(version.parse()?),
            },
            (["secrets", text, version], "PATCH") => Self::Update {
                name: name(text)?,
                version: Some(version.parse()?),
            },
            (["secrets", _], _) => return Err(RouteError::Method("GET, PUT, PATCH, DELETE")),
            (["secrets", _, "backup"], _) => return Err(RouteError::Method("POST")),
            (["secrets", _, _], _) => return Err(RouteError::Method("GET, PATCH")),
            (["deletedsecrets", text], "GET") => Self::GetDeleted { name: name(text)? },
            (["deletedsecrets", text], "DELETE") => Self::Purge { name: name(text)? },
            (["deletedsecrets", text, "recover"], "POST") => Self::Recover { name: name(text)? },
            (["deletedsecrets", _], _) => return Err(RouteError::Method("GET, DELETE")),
            (["deletedsecrets", _, "recover"], _) => return Err(RouteError::Method("POST")),
            _ => return Err(RouteError::Unknown),
        })
    }

    /// The operation's word in the audit log and the metrics.
    pub(crate) const fn operation(&self) -> Operation {
        match self {
            Self::Set { .. } => Operation::SecretSet,
            Self::Get { .. } => Operation::SecretGet,
            Self::Update { .. } => Operation::SecretUpdate,
            Self::Delete { .. } => Operation::SecretDelete,
            Self::List => Operation::SecretList,
            Self::ListVersions { .. } => Operation::SecretListVersions,
            Self::ListDeleted => Operation::SecretListDeleted,
            Self::GetDeleted { .. } => Operation::SecretGetDeleted,
            Self::Purge { .. } => Operation::SecretPurge,
            Self::Recover { .. } => Operation::SecretRecover,
            Self::Backup { .. } => Operation::SecretBackup,
            Self::Restore => Operation::SecretRestore,
        }
    }

    /// The object named. A list names none, and a restore names it inside its blob.
    pub(crate) const fn name(&self) -> Option<&ObjectName> {
        match self {
            Self::Set { name }
            | Self::Get { name, .. }
            | Self::Update { name, .. }
            | Self::Delete { name }
            | Self::ListVersions { name }
            | Self::GetDeleted { name }
            | Self::Purge { name }
            | Self::Recover { name }
            | Self::Backup { name } => Some(name),
            Self::List | Self::ListDeleted | Self::Restore => None,
        }
    }

    /// The object named, for the audit log.
    pub(crate) fn resource(&self) -> Resource {
        let version = match self {
            Self::Get { version, .. } | Self::Update { version, .. } => *version,
            _ => None,
        };
        self.name().map_or(Resource::Vault, |name| {
            Resource::Object(NamedObject {
                kind: ObjectKind::Secrets,
                name: name.clone(),
                version,
            })
        })
    }
}

/// The segments of a canonical path. Only the last may be empty.
fn segments(path: &str) -> Result<Vec<&str>, RouteError> {
    let path = path
        .strip_prefix("//")
        .or_else(|| path.strip_prefix('/'))
        .ok_or(RouteError::Path)?;
    let clean = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'/');
    let segments: Vec<&str> = path.split('/').collect();
    let inner = segments.split_last().map_or(&[][..], |(_, inner)| inner);
    if clean && path.len() <= MAX_PATH && !inner.contains(&"") {
        Ok(segments)
    } else {
        Err(RouteError::Path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "0123456789abcdef0123456789abcdef";

    fn parse(method: &str, path: &str) -> Result<Route, RouteError> {
        Route::parse(&method.parse().unwrap(), path)
    }

    fn operation(method: &str, path: &str) -> &'static str {
        parse(method, path).unwrap().operation().as_str()
    }

    #[test]
    fn the_twelve_operations_have_their_paths() {
        assert_eq!(operation("PUT", "/secrets/a"), "SecretSet");
        assert_eq!(operation("GET", "/secrets/a"), "SecretGet");
        assert_eq!(operation("GET", &format!("/secrets/a/{VERSION}")), "SecretGet");
        assert_eq!(operation("PATCH", "/secrets/a/"), "SecretUpdate");
        assert_eq!(operation("DELETE", "/secrets/a"), "SecretDelete");
        assert_eq!(operation("GET", "/secrets"), "SecretList");
        assert_eq!(operation("GET", "/secrets/a/versions"), "SecretListVersions");
        assert_eq!(operation("GET", "/deletedsecrets"), "SecretListDeleted");
        assert_eq!(operation("GET", "/deletedsecrets/a"), "SecretGetDeleted");
        assert_eq!(operation("DELETE", "/deletedsecrets/a"), "SecretPurge");
        assert_eq!(operation("POST", "/deletedsecrets/a/recover"), "SecretRecover");
        assert_eq!(operation("POST", "/secrets/a/backup"), "SecretBackup");
        assert_eq!(operation("POST", "/secrets/restore"), "SecretRestore");
    }

    #[test]
    fn an_empty_last_segment_is_the_latest_version_and_case_does_not_matter() {
        let latest = Route::Get {
            name: "a".parse().unwrap(),
            version: None,
        };
        for path in ["/secrets/a", "/secrets/a/", "/SECRETS/A/", "//secrets/a"] {
            assert_eq!(parse("GET", path).as_ref(), Ok(&latest), "{path}");
        }
        assert_eq!(operation("GET", "/deletedSecrets/a"), "SecretGetDeleted");
    }

    #[test]
    fn words_of_the_api_are_names_too() {
        for word in [
            "restore",
            "versions",
            "backup",
            "deletedsecrets",
            "root",
            "pending",
        ] {
            assert_eq!(operation("GET", &format!("/secrets/{word}")), "SecretGet");
            assert_eq!(operation("PUT", &format!("/secrets/{word}")), "SecretSet");
        }
    }

    #[test]
    fn a_path_that_is_not_canonical_is_refused() {
        for path in [
            "",
            "*",
            "secrets",
            "/secrets//a",
            "/secrets/a//",
            "///secrets/a",
            "/secrets/../a",
            "/secrets/./a",
            "/secrets/a%2fb",
            "/secrets/%2e%2e",
            "/secrets/a%00",
            "/secrets/a;x",
            "/secrets/a.",
            "/secrets/a ",
            "/secrets/a_b",
            "/secrets/ä",
            "/secrets\\a",
            "/secrets/%252e",
        ] {
            assert_eq!(parse("GET", path), Err(RouteError::Path), "{path}");
        }
        assert_eq!(
            parse("GET", &format!("/secrets/{}", "a/".repeat(200))),
            Err(RouteError::Path)
        );
    }

    #[test]
    fn a_name_of_128_characters_and_a_short_version_are_refused() {
        let long = format!("/secrets/{}", "a".repeat(128));
        assert_eq!(parse("GET", &long), Err(RouteError::Name(NameError::Object)));
        assert!(parse("GET", &format!("/secrets/{}", "a".repeat(127))).is_ok());
        assert_eq!(
            parse("GET", "/secrets/a/123"),
            Err(RouteError::Name(NameError::Version))
        );
        assert_eq!(
            parse("PUT", "/secrets/"),
            Err(RouteError::Name(NameError::Object))
        );
    }

    #[test]
    fn other_paths_and_methods_are_told_apart() {
        for path in [
            "/",
            "/keys",
            "/keys/a",
            "/secrets/a/b/c",
            "/certificates",
            "/strongroom",
        ] {
            assert_eq!(parse("GET", path), Err(RouteError::Unknown), "{path}");
        }
        assert!(matches!(parse("POST", "/secrets/a"), Err(RouteError::Method(_))));
        assert!(matches!(parse("PUT", "/secrets"), Err(RouteError::Method("GET"))));
        assert!(matches!(
            parse("DELETE", &format!("/secrets/a/{VERSION}")),
            Err(RouteError::Method(_))
        ));
    }
}
