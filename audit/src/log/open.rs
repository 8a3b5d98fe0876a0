//! Finding the end of a log that was written before.

use std::{
    fs::{self, File},
    io::{self, BufReader},
    path::Path,
};

use super::{error::OpenError, lookup};
use crate::{
    chain::{Hash, Head, Place},
    config::LogConfig,
    line::{LineError, RawLine, next_line},
    recovery::Recovery,
    segment::{Header, SegmentName, list},
};

/// The end of a log.
#[derive(Debug)]
pub(super) struct End {
    pub(super) head: Head,
    pub(super) drained: Option<Place>,
    /// The newest segment and the length of its whole records, if it can be gone on with.
    pub(super) resume: Option<(SegmentName, u64)>,
    /// The newest segment's name.
    pub(super) last: Option<String>,
    pub(super) recoveries: Vec<Recovery>,
    /// A segment newer than the last record's holds something, but no record.
    overgrown: bool,
}

/// Finds the end of the log that `config` names; `expected` is the head that the store last heard of.
pub(super) fn find_end(config: &LogConfig, expected: Option<Head>) -> Result<End, OpenError> {
    let dir = &config.dir;
    let dir_error = |source| OpenError::Dir {
        dir: dir.clone(),
        source,
    };
    let mut end = End {
        head: Head {
            sequence: 0,
            hash: Hash::genesis(&config.vault_id, &config.replica),
        },
        drained: None,
        resume: None,
        last: None,
        recoveries: Vec::new(),
        overgrown: false,
    };
    // A segment whose header was never finished has no record; the one before it has the last.
    for name in list(dir).map_err(dir_error)?.into_iter().rev() {
        let scan = Scan::of(dir, name)?;
        let has_records = end.take(&scan, config)?;
        if has_records {
            break;
        }
    }
    if let Some(expected) = expected {
        end.compare(expected, dir).map_err(dir_error)?;
    }
    Ok(end)
}

impl End {
    /// Takes over what `scan` found, and says whether it found a record.
    fn take(&mut self, scan: &Scan, config: &LogConfig) -> Result<bool, OpenError> {
        let segment = scan.name.to_string();
        let Some(head) = scan.head else {
            if scan.is_damaged() {
                self.overgrown = true;
                self.recoveries.push(Recovery::Damaged { segment, line: 1 });
            } else {
                // It was being begun when the program ended, so nothing was acknowledged from it.
                self.recoveries.extend(scan.torn_line());
                let _ = fs::remove_file(config.dir.join(segment));
            }
            return Ok(false);
        };
        if let Some(header) = &scan.header
            && (*header.vault_id != *config.vault_id || *header.replica != *config.replica)
        {
            let (vault_id, replica) = (header.vault_id.clone(), header.replica.clone());
            return Err(OpenError::OtherLog {
                dir: config.dir.clone(),
                vault_id,
                replica,
            });
        }
        self.head = head;
        self.drained = scan.drained;
        self.last.get_or_insert_with(|| segment.clone());
        if scan.is_damaged() {
            self.recoveries.push(Recovery::Damaged {
                segment,
                line: scan.lines.saturating_add(1),
            });
        } else if !self.overgrown {
            self.resume = Some((scan.name, scan.good));
            self.recoveries.extend(scan.torn_line());
        }
        Ok(true)
    }

    /// Looks for the head that the store knew of. If the log ends before it, the log goes on behind it.
    fn compare(&mut self, expected: Head, dir: &Path) -> io::Result<()> {
        if expected.sequence <= self.head.sequence {
            let found = lookup::hash_at(dir, expected.sequence)?;
            // What is older than the oldest segment was removed in its time.
            let is_kept = list(dir)?
                .first()
                .is_some_and(|oldest| oldest.first() <= expected.sequence);
            if is_kept && found != Some(expected.hash) {
                let record = expected.sequence;
                self.recoveries.push(Recovery::Rewritten { record });
            }
            return Ok(());
        }
        let from = self.head.sequence.saturating_add(1);
        self.recoveries.push(Recovery::TailMissing {
            from,
            through: expected.sequence,
        });
        self.head = expected;
        self.resume = None;
        Ok(())
    }
}

/// What one segment holds, as far as its lines follow from each other.
#[derive(Debug)]
struct Scan {
    name: SegmentName,
    header: Option<Header>,
    head: Option<Head>,
    drained: Option<Place>,
    /// Whole records.
    lines: u64,
    /// Their bytes.
    good: u64,
    /// The bytes behind them.
    rest: u64,
    /// Those end a complete line, or are more than one.
    rest_has_lines: bool,
}

impl Scan {
    fn of(dir: &Path, name: SegmentName) -> Result<Self, OpenError> {
        let path = dir.join(name.to_string());
        let read_error = |source| OpenError::Read {
            path: path.clone(),
            source,
        };
        let mut reader = BufReader::with_capacity(1 << 18, File::open(&path).map_err(read_error)?);
        let mut scan = Self {
            name,
            header: None,
            head: None,
            drained: None,
            lines: 0,
            good: 0,
            rest: 0,
            rest_has_lines: false,
        };
        while let Some(line) = next_line(&mut reader).map_err(read_error)? {
            scan.add(&line);
        }
        Ok(scan)
    }

    fn add(&mut self, line: &RawLine) {
        let size = line.bytes.len() as u64;
        if self.rest > 0 || self.follow(line).is_err() {
            self.rest_has_lines |= self.rest > 0 || line.is_complete();
            self.rest = self.rest.saturating_add(size);
        } else {
            self.lines = self.lines.saturating_add(1);
            self.good = self.good.saturating_add(size);
        }
    }

    fn follow(&mut self, raw: &RawLine) -> Result<(), LineError> {
        let (body, link) = raw.parse()?;
        match self.head {
            None => {
                let header = Header::parse(body).ok_or(LineError::Form)?;
                self.drained = header.drained;
                self.header = Some(header);
            }
            Some(head) if link.previous == head.hash && link.sequence == head.sequence.saturating_add(1) => {}
            Some(_) => return Err(LineError::Form),
        }
        self.drained = link.place.or(self.drained);
        self.head = Some(link.head());
        Ok(())
    }

    const fn is_damaged(&self) -> bool {
        self.rest_has_lines
    }

    fn torn_line(&self) -> Option<Recovery> {
        let segment = self.name.to_string();
        (self.rest > 0).then_some(Recovery::TornLine {
            segment,
            bytes: self.rest,
        })
    }
}
