//! What a vault accepts, in one place.

use strongroom_core::limits::VALUE_BYTES;

use crate::format::soft_delete::SoftDelete;

/// How many versions one object has at most unless that is said: as many as one backup takes.
pub const VERSIONS: u32 = 500;

/// How many events a vault keeps: a few megabytes of them at most.
const EVENTS: u64 = 10_000;

/// The sizes a request must keep, and how much the vault keeps. The defaults are Azure's (Key Vault service limits; About secrets),
/// who bounds neither the versions of an object nor the bytes of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectLimits {
    /// Bytes in a secret's value.
    pub value_bytes: usize,
    /// Characters in a content type.
    pub content_type_chars: usize,
    /// Tags of one version.
    pub tags: usize,
    /// Characters in a tag's name.
    pub tag_name_chars: usize,
    /// Characters in a tag's value.
    pub tag_value_chars: usize,
    /// Items on one page; also what a request without `maxresults` gets.
    pub page_items: u32,
    /// Ranges of names, and objects that are no items, that are looked at for one page.
    pub page_scan: usize,
    /// Versions of one object.
    pub versions: u32,
    /// Bytes of all records that are part of an object.
    pub object_bytes: u64,
    /// Versions in one backup.
    pub backup_versions: usize,
    /// Bytes in one backup blob.
    pub backup_bytes: usize,
    /// Events that are kept, of all objects together.
    pub events: u64,
}

impl Default for ObjectLimits {
    fn default() -> Self {
        Self {
            value_bytes: VALUE_BYTES,
            content_type_chars: 255,
            tags: 15,
            tag_name_chars: 512,
            tag_value_chars: 512,
            page_items: 25,
            page_scan: 1_000,
            versions: VERSIONS,
            object_bytes: u64::MAX,
            backup_versions: 500,
            backup_bytes: 24 * 1024 * 1024,
            events: EVENTS,
        }
    }
}

/// Azure's `DeletionRecoveryLevel`, as far as a vault with soft delete can have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryLevel {
    /// 90 days, purge allowed.
    RecoverablePurgeable,
    /// 90 days, purge protection.
    Recoverable,
    /// 7 to 89 days, purge allowed.
    CustomizedRecoverablePurgeable,
    /// 7 to 89 days, purge protection.
    CustomizedRecoverable,
}

impl RecoveryLevel {
    /// A property of every object of a vault that does this.
    pub const fn of(rules: SoftDelete) -> Self {
        match (rules.retention_days() < 90, rules.purge_protection()) {
            (false, false) => Self::RecoverablePurgeable,
            (false, true) => Self::Recoverable,
            (true, false) => Self::CustomizedRecoverablePurgeable,
            (true, true) => Self::CustomizedRecoverable,
        }
    }

    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RecoverablePurgeable => "Recoverable+Purgeable",
            Self::Recoverable => "Recoverable",
            Self::CustomizedRecoverablePurgeable => "CustomizedRecoverable+Purgeable",
            Self::CustomizedRecoverable => "CustomizedRecoverable",
        }
    }
}

/// Whether a text has more than `characters` characters.
pub(crate) fn exceeds(text: &str, characters: usize) -> bool {
    text.len() > characters && text.chars().nth(characters).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recovery_level_follows_retention_and_purge_protection() {
        let level = |days, protected| {
            let rules = SoftDelete::new(days, protected).unwrap();
            RecoveryLevel::of(rules).as_str()
        };
        assert_eq!(level(90, false), "Recoverable+Purgeable");
        assert_eq!(level(90, true), "Recoverable");
        assert_eq!(level(89, false), "CustomizedRecoverable+Purgeable");
        assert_eq!(level(7, true), "CustomizedRecoverable");
    }
}
