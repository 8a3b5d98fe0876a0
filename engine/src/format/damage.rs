//! What is known of a record that cannot be read: which one it is, in words that may be shown.

use strongroom_core::ObjectName;

use super::codec::CodecError;

/// A stored record that does not decode or open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stored data of {what} is damaged")]
pub struct Damaged {
    /// Which record.
    pub what: Box<str>,
}

impl Damaged {
    /// A record of the object `name`.
    pub fn of_object(what: &str, name: &ObjectName) -> Self {
        Self {
            what: format!("{what} of {name}").into(),
        }
    }

    /// A record of the vault itself.
    pub fn of_vault(what: &str, error: CodecError) -> Self {
        Self {
            what: format!("{what}: {error}").into(),
        }
    }
}
