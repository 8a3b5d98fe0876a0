//! What a subscription sees of an object: what a read of it would answer now.

use strongroom_core::{ObjectName, Permission, PolicyIndex, Timestamp, Uid, Version};
use strongroom_engine::{ObjectError, Objects, Resolution};
use strongroom_wire::watch::ObjectState;

use super::request::Entry;

/// What a read would answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// This version.
    Version(Version),
    /// No such object or version.
    NotFound,
    /// A deleted object.
    Deleted,
    /// A disabled version.
    Disabled,
    /// Nothing: policy refuses it. Says nothing of whether there is one.
    Forbidden,
}

impl Sight {
    /// Decides, and only then looks.
    pub(super) fn of(
        entry: &Entry,
        subject: &Uid,
        policy: &PolicyIndex,
        vault: &Objects,
        now: Timestamp,
    ) -> Result<Self, ObjectError> {
        if policy
            .decide(subject, Permission::SecretGet, &entry.name)
            .is_allowed()
        {
            vault
                .resolve(&entry.name, entry.version.as_ref(), now)
                .map(Self::from)
        } else {
            Ok(Self::Forbidden)
        }
    }

    /// The state that tells it of the object `name`.
    pub(super) fn state(self, name: &ObjectName) -> ObjectState {
        let (version, problem) = match self {
            Self::Version(version) => (version.to_string(), ""),
            Self::NotFound => (String::new(), "NotFound"),
            Self::Deleted => (String::new(), "Deleted"),
            Self::Disabled => (String::new(), "Disabled"),
            Self::Forbidden => (String::new(), "Forbidden"),
        };
        ObjectState {
            name: name.to_string(),
            version,
            problem: problem.to_owned(),
        }
    }
}

impl From<Resolution> for Sight {
    fn from(resolution: Resolution) -> Self {
        match resolution {
            Resolution::Available { version } => Self::Version(version),
            Resolution::NotFound => Self::NotFound,
            Resolution::Deleted => Self::Deleted,
            Resolution::Disabled => Self::Disabled,
        }
    }
}
