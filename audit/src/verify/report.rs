//! What a check found, for programs and for people.

use std::fmt;

use crate::{
    chain::{Hash, Head},
    line::LineError,
    segment::SegmentName,
};

/// Where in a log something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// The segment.
    pub segment: SegmentName,
    /// The line, counted from 1.
    pub line: u64,
    /// The sequence number that the record there has, or should have.
    pub sequence: u64,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} line {} (record {})",
            self.segment, self.line, self.sequence
        )
    }
}

/// One thing that is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A record was changed.
    Altered {
        /// Where.
        at: Location,
        /// How that shows.
        error: LineError,
    },
    /// Records are missing between others.
    Gap {
        /// The record behind the gap.
        at: Location,
        /// The first missing record.
        from: u64,
        /// The last missing record.
        through: u64,
    },
    /// Records are there, in another order.
    Reordered {
        /// The first that is out of its place.
        at: Location,
    },
    /// A record is there again.
    Repeated {
        /// Where.
        at: Location,
    },
    /// A record does not follow the one before it: it is from another log, or one before it was replaced whole.
    Unchained {
        /// Where.
        at: Location,
    },
    /// A segment is from the log of another vault or replica.
    Spliced {
        /// Its first record.
        at: Location,
        /// The vault that it names.
        vault_id: String,
        /// The replica that it names.
        replica: String,
    },
    /// A segment has a name that is not its own, or does not begin as segments do.
    Misnamed {
        /// Its first record.
        at: Location,
    },
    /// The log's beginning is missing, and no record says that its time had come.
    HeadMissing {
        /// The last missing record.
        through: u64,
    },
    /// The log ends before the head that was expected.
    TailMissing {
        /// The first missing record.
        since: u64,
        /// The expected head's sequence number.
        through: u64,
    },
    /// The record of the expected head's sequence number has another hash: the log was rewritten.
    Rewritten {
        /// The record.
        at: Location,
        /// The hash that was expected.
        expected: Hash,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { at, error } => write!(f, "altered at {at}: {error}"),
            Self::Gap { at, from, through } => {
                write!(f, "gap before {at}: records {from} to {through} are missing")
            }
            Self::Reordered { at } => write!(f, "reordered at {at}: it comes before records that it follows"),
            Self::Repeated { at } => write!(f, "repeated at {at}: a record of that number came before"),
            Self::Unchained { at } => {
                write!(f, "spliced at {at}: it does not follow the record before it")
            }
            Self::Spliced {
                at,
                vault_id,
                replica,
            } => {
                write!(
                    f,
                    "spliced at {at}: the segment is of replica {replica:?} of vault {vault_id:?}"
                )
            }
            Self::Misnamed { at } => write!(
                f,
                "misnamed segment at {at}: its first record is not the one it is named for"
            ),
            Self::HeadMissing { through } => {
                write!(
                    f,
                    "beginning missing: records 1 to {through} are gone, and no record says they were removed"
                )
            }
            Self::TailMissing { since, through } => {
                write!(
                    f,
                    "tail missing since record {since}: the log was known to reach record {through}"
                )
            }
            Self::Rewritten { at, expected } => {
                write!(
                    f,
                    "rewritten at {at} or before: the hash of that record was known to be {expected}"
                )
            }
        }
    }
}

/// Something worth knowing that is not wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The vault recovered from something, and said so; the text is the record's.
    Recovered {
        /// The record.
        at: Location,
        /// When, as the record has it.
        time: String,
        /// From what, as the record has it.
        properties: String,
    },
    /// The last line of a segment is not whole: it was being written when the program ended, or is being written now.
    TornLine {
        /// Where.
        at: Location,
        /// Its bytes.
        bytes: u64,
    },
    /// The vault removed old segments, and said so.
    Removed {
        /// The last record removed.
        through: u64,
    },
    /// A signed checkpoint, whose signature this release cannot check.
    Checkpoint {
        /// The record.
        at: Location,
    },
    /// The expected head is older than what is left of the log.
    ExpectedHeadRemoved,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recovered { at, time, properties } => write!(f, "recovered at {at}, {time}: {properties}"),
            Self::TornLine { at, bytes } => write!(f, "an unfinished line of {bytes} bytes at {at}"),
            Self::Removed { through } => {
                write!(f, "records 1 to {through} were removed when their time had come")
            }
            Self::Checkpoint { at } => write!(f, "a checkpoint at {at} was not checked"),
            Self::ExpectedHeadRemoved => {
                f.write_str("the expected head is older than what is left of the log")
            }
        }
    }
}

/// What a check of a log found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The vault's id, as the first segment names it.
    pub vault_id: Option<String>,
    /// The replica's name, as the first segment names it.
    pub replica: Option<String>,
    /// How many segments there are.
    pub segments: u64,
    /// How many records are whole.
    pub records: u64,
    /// The sequence number of the first.
    pub first: Option<u64>,
    /// The last record.
    pub head: Option<Head>,
    /// What is wrong, as far as [`Self::LISTED`] things, in the order of the log.
    pub findings: Vec<Finding>,
    /// What is worth knowing, as far as [`Self::LISTED`] things.
    pub notes: Vec<Note>,
    /// Findings and notes that are not listed.
    pub unlisted: u64,
    /// Whether an expected head was given.
    pub compared: bool,
}

impl Report {
    /// How many findings, and how many notes, are listed.
    pub const LISTED: usize = 100;

    /// Whether nothing is wrong.
    pub const fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("audit log")?;
        if let (Some(vault_id), Some(replica)) = (&self.vault_id, &self.replica) {
            write!(f, " of replica {replica:?} of vault {vault_id:?}")?;
        }
        write!(f, ": {} segments, ", self.segments)?;
        match (self.first, self.head) {
            (Some(first), Some(head)) => {
                writeln!(
                    f,
                    "{} segments, records {first} to {}",
                    self.segments, head.sequence
                )?;
                writeln!(f, "head: {} {}", head.sequence, head.hash)?;
            }
            _ => f.write_str("no records\n")?,
        }
        self.fmt_verdict(f)?;
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        if self.unlisted > 0 {
            writeln!(f, "and {} more", self.unlisted)?;
        }
        Ok(())
    }
}

impl Report {
    fn fmt_verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_intact(), self.compared) {
            (true, true) => writeln!(f, "INTACT: self-consistent, and it holds the expected head"),
            (true, false) => writeln!(
                f,
                "INTACT as far as its files tell: self-consistent only. Without an expected head or a signed checkpoint \
                 nobody can tell whether its end was cut off or the whole was written anew."
            ),
            (false, _) => writeln!(f, "NOT INTACT:"),
        }
    }
}
