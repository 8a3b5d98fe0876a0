//! What a log is given when it is opened.

use std::{path::PathBuf, time::Duration};

/// When records reach the disk itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncMode {
    /// Within this time after the append: a power loss may lose that window.
    Within(Duration),
    /// Before the append returns: `audit.sync: always`. The append blocks for the disk.
    Always,
}

/// When a segment is closed and the next begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentLimits {
    /// At this many bytes.
    pub bytes: u64,
    /// At this age.
    pub age: Duration,
}

/// How many bytes the log may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// In all.
    pub bytes: u64,
    /// Of these, how many are kept for refusals and administration; refusals alone leave the second half of it.
    pub reserve: u64,
}

/// When closed segments are removed, oldest first. With neither, they never are, and the quota stops the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Those whose last record is older than this.
    pub age: Option<Duration>,
    /// Those beyond this many bytes in all.
    pub bytes: Option<u64>,
}

/// What a log is given when it is opened.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// The directory; made if it is missing. It belongs to this log alone.
    pub dir: PathBuf,
    /// The vault's id, which the first hash covers.
    pub vault_id: Box<str>,
    /// The replica's name, which the first hash covers.
    pub replica: Box<str>,
    /// When records reach the disk.
    pub sync: SyncMode,
    /// When a segment is closed.
    pub segment: SegmentLimits,
    /// How much the log may hold.
    pub quota: Quota,
    /// When closed segments are removed.
    pub retention: Retention,
}

impl LogConfig {
    /// The share of the quota at which the log is nearly full.
    pub const NEARLY_FULL_PERCENT: u64 = 80;

    /// The log of one replica in `dir`: synced within 100 ms, 16 MiB a segment, a quota of 256 MiB with 4 MiB reserved,
    /// closed segments kept for 90 days and up to 176 MiB, which is below the mark of nearly full.
    pub fn new(dir: PathBuf, vault_id: &str, replica: &str) -> Self {
        const MIB: u64 = 1 << 20;
        const DAY: Duration = Duration::from_hours(24);
        Self {
            dir,
            vault_id: vault_id.into(),
            replica: replica.into(),
            sync: SyncMode::Within(Duration::from_millis(100)),
            segment: SegmentLimits {
                bytes: 16 * MIB,
                age: DAY,
            },
            quota: Quota {
                bytes: 256 * MIB,
                reserve: 4 * MIB,
            },
            retention: Retention {
                age: Some(90 * DAY),
                bytes: Some(176 * MIB),
            },
        }
    }
}

/// What a record is about, which decides how much of the quota it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// An allowed request that reads.
    Read,
    /// An allowed request that writes.
    Write,
    /// A refused request, or a count of unauthenticated ones.
    Refusal,
    /// What the operator or the vault itself does.
    Administration,
}

impl Quota {
    /// How many bytes the log may hold after a record of `class`.
    pub const fn limit(self, class: Class) -> u64 {
        match class {
            Class::Read | Class::Write => self.bytes.saturating_sub(self.reserve),
            Class::Refusal => self.bytes.saturating_sub(self.reserve / 2),
            Class::Administration => self.bytes,
        }
    }

    /// The bytes at which the log is nearly full.
    pub const fn nearly_full(self) -> u64 {
        self.bytes / 100 * LogConfig::NEARLY_FULL_PERCENT
    }
}
