//! What a vault is asked for.

use std::fmt;

use serde::{Deserialize, Serialize};
use strongroom_core::{ObjectKind, ObjectName, ObjectPath, Version};

/// A secret or a key, and the version it is pinned to; `None` follows the current one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names of the fields say what they hold")]
pub struct Object {
    /// What a record of a release before keys does not say: it has secrets alone.
    #[serde(default = "secrets", skip_serializing_if = "is_secrets")]
    pub kind: ObjectKind,
    pub name: ObjectName,
    pub version: Option<Version>,
}

const fn secrets() -> ObjectKind {
    ObjectKind::Secrets
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
const fn is_secrets(kind: &ObjectKind) -> bool {
    matches!(kind, ObjectKind::Secrets)
}

impl Object {
    /// The object, whatever its version.
    pub fn path(&self) -> ObjectPath {
        ObjectPath {
            kind: self.kind,
            name: self.name.clone(),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.singular(), self.name)?;
        self.version
            .map_or(Ok(()), |version| write!(f, " version {version}"))
    }
}
