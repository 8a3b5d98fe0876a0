//! What a log writes about itself: that it recovered from something, and that it removed old segments.

use std::{fmt, time::SystemTime};

use serde::Serialize;

use crate::{
    event::Actor,
    shape::{Happened, Shape},
};

/// What a log found wrong and went on from. Each has a record of type `recovered`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all_fields = "camelCase")]
pub enum Recovery {
    /// The last line was not whole and was cut, as after a crash: it had not been acknowledged.
    TornLine {
        /// The segment's file name.
        segment: String,
        /// The bytes that were cut.
        bytes: u64,
    },
    /// The segment holds lines that are not what was written, from this line on. They were left as they are.
    Damaged {
        /// The segment's file name.
        segment: String,
        /// The first such line, counted from 1.
        line: u64,
    },
    /// The store knew of records that are not there.
    TailMissing {
        /// The first one's sequence number.
        from: u64,
        /// The last one's.
        through: u64,
    },
    /// A record that the store knew of is another one now, or is missing among those around it.
    Rewritten {
        /// Its sequence number.
        record: u64,
    },
    /// The file or its directory was removed or replaced while it was written.
    FileLost {
        /// The segment's file name.
        segment: String,
    },
    /// The file was cut or written by someone else while it was written.
    FileChanged {
        /// The segment's file name.
        segment: String,
        /// Its length as written.
        expected: u64,
        /// Its length as found.
        found: u64,
    },
    /// Records could not be appended; what they were about was refused.
    WriteFailed {
        /// The segment's file name.
        segment: String,
        /// How many.
        refused: u64,
    },
    /// A record took so long to append that the vault was not ready.
    Slow {
        /// How long.
        milliseconds: u64,
    },
    /// The disk did not take what had been appended.
    SyncFailed {
        /// The segment's file name.
        segment: String,
    },
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornLine { segment, bytes } => {
                write!(f, "cut an unfinished last line of {bytes} bytes in {segment}")
            }
            Self::Damaged { segment, line } => {
                write!(f, "went on after damage in {segment} from line {line}")
            }
            Self::TailMissing { from, through } => {
                write!(
                    f,
                    "records {from} to {through}, which the store knew of, were missing"
                )
            }
            Self::Rewritten { record } => {
                write!(f, "record {record} is not the one that the store knew of")
            }
            Self::FileLost { segment } => write!(f, "{segment} was removed or replaced while it was written"),
            Self::FileChanged {
                segment,
                expected,
                found,
            } => {
                write!(
                    f,
                    "{segment} was changed while it was written: {found} bytes instead of {expected}"
                )
            }
            Self::WriteFailed { segment, refused } => {
                write!(
                    f,
                    "{refused} records could not be appended to {segment}, and their requests were refused"
                )
            }
            Self::Slow { milliseconds } => write!(f, "a record took {milliseconds} ms to append"),
            Self::SyncFailed { segment } => write!(f, "{segment} could not be synced to the disk"),
        }
    }
}

/// What a log did with itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Upkeep {
    /// It recovered.
    Recovered(Recovery),
    /// It is about to remove the segments whose last record is at most `through`.
    /// `early` of the `bytes` go to make room, before the retention's age is over.
    Retention {
        through: u64,
        segments: u64,
        bytes: u64,
        early: u64,
    },
}

impl Upkeep {
    pub(crate) const RECOVERED: &str = "recovered";
    pub(crate) const RETENTION: &str = "retention";

    /// With its time, as it is written.
    pub(crate) const fn at(self, time: SystemTime) -> Shape<Happened<Self>> {
        let (r#type, name) = match &self {
            Self::Recovered(_) => (Self::RECOVERED, "AuditRecovered"),
            Self::Retention { .. } => (Self::RETENTION, "AuditRetention"),
        };
        Shape::new(r#type, name, time, Happened::new(Actor::Vault, self))
    }
}
