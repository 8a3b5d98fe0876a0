//! What a log is given when it is opened.

use std::{path::PathBuf, time::Duration};

const MIB: u64 = 1 << 20;

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

/// When closed segments are removed, oldest first. With neither age nor bytes, they never are, and the quota stops the
/// vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Those whose last record is older than this.
    pub age: Option<Duration>,
    /// Those beyond this many bytes in all, unless their last record is younger than `least_age`.
    pub bytes: Option<u64>,
    /// What is younger makes room for nothing: who writes too much must wait instead.
    pub least_age: Duration,
}

/// How many bytes of records that anybody can cause are written: a bucket that is full at the start. It is refilled so
/// slowly that these records never push the others out of the log. Beyond it they are counted and not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// When the bucket is full.
    pub at_once: u64,
    /// What comes into it.
    pub per_day: u64,
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
    /// What refusals of known callers may take.
    pub refusals: Budget,
    /// What counts of unauthenticated requests may take.
    pub unauthenticated: Budget,
}

impl LogConfig {
    /// The share of the quota at which the log is nearly full.
    pub const NEARLY_FULL_PERCENT: u64 = 80;

    /// How long the records of one quota's worth of refusals are meant to last: the retention where nothing else is said.
    const LONG: u64 = 90;

    /// The log of one replica in `dir`: synced within 100 ms, a quota of 256 MiB ([`Self::with_quota`]), closed segments
    /// kept for 90 days.
    pub fn new(dir: PathBuf, vault_id: &str, replica: &str) -> Self {
        const DAY: Duration = Duration::from_hours(24);
        let unset = Budget {
            at_once: 0,
            per_day: 0,
        };
        Self {
            dir,
            vault_id: vault_id.into(),
            replica: replica.into(),
            sync: SyncMode::Within(Duration::from_millis(100)),
            segment: SegmentLimits { bytes: 0, age: DAY },
            quota: Quota { bytes: 0, reserve: 0 },
            retention: Retention {
                age: Some(90 * DAY),
                bytes: None,
                least_age: Duration::from_mins(10),
            },
            refusals: unset,
            unauthenticated: unset,
        }
        .with_quota(256 * MIB)
    }

    /// The same log with room for `bytes`, shared out: a 64th is reserved, a segment is at most a 16th and 16 MiB, closed
    /// segments are kept up to 11/16, which is below the mark of nearly full. Refusals take at most a 16th at once and a
    /// quarter in 90 days, counts of unauthenticated requests a quarter of that.
    #[must_use]
    pub fn with_quota(mut self, bytes: u64) -> Self {
        self.segment.bytes = (16 * MIB).min(bytes / 16);
        self.quota = Quota {
            bytes,
            reserve: bytes / 64,
        };
        self.retention.bytes = Some(bytes / 16 * 11);
        self.refusals = Budget {
            at_once: bytes / 16,
            per_day: bytes / 4 / Self::LONG,
        };
        self.unauthenticated = Budget {
            at_once: bytes / 64,
            per_day: bytes / 16 / Self::LONG,
        };
        self
    }
}

/// What a record is about, which decides how much of the quota it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// An allowed request that reads.
    Read,
    /// An allowed request that writes.
    Write,
    /// A request that policy does not allow, or a count of these. Has a [`Budget`].
    Refusal,
    /// A count of requests whose caller is not known. Has a [`Budget`].
    Unauthenticated,
    /// What the operator or the vault itself does.
    Administration,
}

impl Quota {
    /// How many bytes the log may hold after a record of `class`.
    pub const fn limit(self, class: Class) -> u64 {
        match class {
            Class::Read | Class::Write => self.bytes.saturating_sub(self.reserve),
            Class::Refusal | Class::Unauthenticated => self.bytes.saturating_sub(self.reserve / 2),
            Class::Administration => self.bytes,
        }
    }

    /// The bytes at which the log is nearly full.
    pub const fn nearly_full(self) -> u64 {
        self.bytes / 100 * LogConfig::NEARLY_FULL_PERCENT
    }
}
