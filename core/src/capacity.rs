//! How much policy a vault holds, which the operator keeps to and the vault enforces.

use std::iter::Sum;

use crate::{bundle::BundlePolicy, decision::PolicyIndex};

/// The memory that a bundle may take, compiled, in bytes: an eighth of what the operator gives a vault unless its owner
/// says otherwise. For a moment the next bundle is held beside the one in force. A vault that ran out of memory over one
/// would do so again at each start.
pub const MOST_MEMORY: usize = 32 * 1024 * 1024;
/// The bytes of the JSON of a bundle: some ten thousand policies. With what the store keeps beside it, it is a record of
/// 16 MiB.
pub const MOST_BYTES: usize = 16 * 1024 * 1024 - 4096;

/// At most how much policies take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Bytes of memory, compiled.
    pub memory: usize,
    /// Bytes as JSON.
    pub bytes: usize,
}

impl Size {
    /// What one policy takes.
    pub fn of(policy: &BundlePolicy) -> Self {
        // Quotes and a comma; nothing of a UID, a pattern or a permission is escaped.
        const TEXT: usize = 3;
        const MEMBERS: usize = 128;
        let subjects = policy.subjects.iter().map(|uid| uid.as_str().len() + TEXT);
        let objects = policy
            .objects
            .iter()
            .map(|pattern| pattern.to_string().len() + TEXT);
        let permissions = policy
            .permissions
            .iter()
            .map(|permission| permission.kind().to_string().len() + 1 + permission.name().len() + TEXT);
        // A control character is escaped with six letters.
        let name = policy.name.len().saturating_mul(6);
        Self {
            memory: PolicyIndex::bytes_of(policy),
            bytes: subjects
                .chain(objects)
                .chain(permissions)
                .chain([MEMBERS, name])
                .fold(0, usize::saturating_add),
        }
    }

    /// Whether `other` fits into this.
    pub const fn holds(self, other: Self) -> bool {
        other.memory <= self.memory && other.bytes <= self.bytes
    }
}

impl Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::default(), |a, b| Self {
            memory: a.memory.saturating_add(b.memory),
            bytes: a.bytes.saturating_add(b.bytes),
        })
    }
}
