//! What the one mutex of a log guards: the chain's head and the file it is written to.

use std::{
    fs::File,
    io::{self, Write},
    iter,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant, SystemTime},
};

use super::{bucket::Bucket, error::AppendError, gauges::Gauges, open::End};
use crate::{
    chain::{Head, Link, Place},
    config::{Class, LogConfig},
    entry::Entry,
    recovery::{Recovery, Upkeep},
    segment::{Segment, WriteError, total},
};

mod file;

#[derive(Debug)]
pub(super) struct Writer {
    pub(super) config: Arc<LogConfig>,
    pub(super) gauges: Arc<Gauges>,
    pub(super) head: Head,
    pub(super) drained: Option<Place>,
    /// The place of the last write whose record is on the disk.
    pub(super) kept: Option<Place>,
    /// Records of writes that were drained are not on the disk, and nobody has begun to drain them again.
    pub(super) must_drain_again: bool,
    /// When a sync failed, where none has succeeded since.
    pub(super) sync_failed: Option<Instant>,
    /// None while there is no file to append to; then nothing is appended.
    pub(super) segment: Option<Segment>,
    /// The last segment's name, for the header of the next.
    pub(super) before: Option<String>,
    /// What must be recorded before anything else is.
    pub(super) pending: Vec<Recovery>,
    /// Appends that failed since the last one that did not.
    pub(super) refused: u64,
    /// Bytes in all segments.
    pub(super) bytes: u64,
    refusals: Bucket,
    unauthenticated: Bucket,
    /// Closed segments that are not synced yet.
    pub(super) closed: Vec<Arc<File>>,
    /// Files were made since the directory was synced.
    pub(super) dir_changed: bool,
    /// The segment is old enough to be closed.
    pub(super) rotation_due: bool,
    /// The lines of one write; kept for its room.
    lines: Vec<u8>,
}

/// A record on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Appended<'a> {
    pub(super) class: Class,
    pub(super) entry: &'a Entry,
    pub(super) place: Option<Place>,
}

impl Writer {
    /// Goes on at `end`, in its newest segment if that can be gone on with.
    pub(super) fn at(end: End, config: Arc<LogConfig>, gauges: Arc<Gauges>) -> io::Result<Self> {
        let resume = |(name, len)| Segment::resume(&config.dir, name, len);
        let segment = end.resume.map(resume).transpose()?;
        let bytes = total(&config.dir)?;
        gauges.bytes.store(bytes, Relaxed);
        let now = Instant::now();
        Ok(Self {
            refusals: Bucket::new(config.refusals, now),
            unauthenticated: Bucket::new(config.unauthenticated, now),
            config,
            gauges,
            head: end.head,
            drained: end.drained,
            // Nothing of it is known to be synced.
            kept: None,
            must_drain_again: false,
            sync_failed: None,
            segment,
            before: end.last,
            pending: end.recoveries,
            refused: 0,
            bytes,
            closed: Vec::new(),
            dir_changed: true,
            rotation_due: false,
            lines: Vec::new(),
        })
    }

    /// Appends what the quota has room for, in one write and in order: all of it or nothing. A record without room is
    /// refused alone.
    pub(super) fn append(&mut self, records: &[Appended<'_>]) -> Vec<Result<Head, AppendError>> {
        if self.sync_failed.is_some() {
            self.refuse(records.len());
            return records.iter().map(|_| Err(AppendError::NotSynced)).collect();
        }
        let mut bytes = self.bytes;
        let admitted: Vec<_> = records
            .iter()
            .map(|record| self.admit(record, &mut bytes))
            .collect();
        let taken: Vec<_> = records
            .iter()
            .zip(&admitted)
            .filter_map(|(record, admitted)| admitted.is_ok().then_some((record.entry, record.place)))
            .collect();
        let mut outcomes = self.take(&taken).into_iter();
        let outcomes: Vec<_> = admitted
            .into_iter()
            .map(|admitted| admitted.and_then(|()| outcomes.next().unwrap_or(Err(AppendError::Lost))))
            .collect();
        let is_refused = |outcome: &&Result<_, _>| {
            let is_for_later = matches!(
                outcome,
                Err(AppendError::BudgetSpent(_) | AppendError::DrainAgain)
            );
            outcome.is_err() && !is_for_later
        };
        let refused = outcomes.iter().filter(is_refused).count();
        self.gauges.refused.fetch_add(refused as u64, Relaxed);
        outcomes
    }

    /// Counts records that were not taken.
    fn refuse(&mut self, records: usize) {
        self.refused = self.refused.saturating_add(records as u64);
        self.gauges.refused.fetch_add(records as u64, Relaxed);
    }

    /// Appends all entries or none: then the first outcome tells why.
    fn take(&mut self, entries: &[(&Entry, Option<Place>)]) -> Vec<Result<Head, AppendError>> {
        if entries.is_empty() {
            return Vec::new();
        }
        match self.extend(entries) {
            Ok(heads) => heads.into_iter().map(Ok).collect(),
            Err(error) => {
                self.refused = self.refused.saturating_add(entries.len() as u64);
                let others = iter::repeat_with(|| Err(AppendError::Together));
                iter::once(Err(error)).chain(others).take(entries.len()).collect()
            }
        }
    }

    /// Adds a record's length to `bytes` if the quota then still has room for its class, and its class has a budget left.
    fn admit(&mut self, record: &Appended<'_>, bytes: &mut u64) -> Result<(), AppendError> {
        // A link is at most this long.
        const LINK: u64 = 400;
        if self.must_drain_again && record.class == Class::Write && record.place.is_some() {
            return Err(AppendError::DrainAgain);
        }
        let limit = self.config.quota.limit(record.class);
        let size = (record.entry.as_bytes().len() as u64).saturating_add(LINK);
        if bytes.saturating_add(size) > limit {
            return Err(AppendError::QuotaReached {
                class: record.class,
                bytes: self.bytes,
                limit,
            });
        }
        let has_budget = match record.class {
            Class::Refusal => self.refusals.take(size, Instant::now()),
            Class::Unauthenticated => self.unauthenticated.take(size, Instant::now()),
            Class::Read | Class::Write | Class::Administration => true,
        };
        if !has_budget {
            return Err(AppendError::BudgetSpent(record.class));
        }
        *bytes = bytes.saturating_add(size);
        Ok(())
    }

    /// Appends entries after whatever must be recorded before them; gives the head that each made.
    pub(super) fn extend(&mut self, entries: &[(&Entry, Option<Place>)]) -> Result<Vec<Head>, AppendError> {
        self.check_file()?;
        self.settle()?;
        if self.is_rotation_due() {
            self.begin_segment()?;
        }
        let heads = self.write(entries)?;
        // Only now is it known that the log takes records again. If it does not take this one, the next may.
        self.admit_refused();
        let _ = self.settle();
        Ok(heads)
    }

    /// Records what is pending.
    pub(super) fn settle(&mut self) -> Result<(), AppendError> {
        while let Some(recovery) = self.pending.first().cloned() {
            let entry = Entry::of(&Upkeep::Recovered(recovery).at(SystemTime::now()));
            self.write(&[(&entry, None)])?;
            self.pending.remove(0);
        }
        Ok(())
    }

    /// Makes the appends that failed something to record.
    pub(super) fn admit_refused(&mut self) {
        if self.refused > 0 {
            let recovery = self.refused_so_far();
            self.refused = 0;
            self.pending.push(recovery);
        }
    }

    fn refused_so_far(&self) -> Recovery {
        let segment = self.segment.as_ref();
        Recovery::WriteFailed {
            segment: segment
                .map(|segment| segment.name().to_string())
                .unwrap_or_default(),
            refused: self.refused,
        }
    }

    /// Tries after a failed append whether the log takes records again. For the log's thread: a vault that cannot
    /// record is not ready, gets no requests, and would never append again by itself.
    pub(super) fn retry(&mut self) {
        if self.settle().is_err() {
            return;
        }
        if self.refused > 0 {
            let recovered = Upkeep::Recovered(self.refused_so_far()).at(SystemTime::now());
            if self.write(&[(&Entry::of(&recovered), None)]).is_ok() {
                self.refused = 0;
            }
        } else if self.gauges.write_failing.load(Relaxed) {
            // It was no append that failed, but the beginning of a segment.
            let _ = self.begin_segment();
        }
    }

    /// Records that the append before this took `time`.
    pub(super) fn record_slow(&mut self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let slow = Upkeep::Recovered(Recovery::Slow { milliseconds }).at(SystemTime::now());
        // A failure is kept in the gauges, and its recovery recorded.
        let _ = self.extend(&[(&Entry::of(&slow), None)]);
    }

    /// Chains entries and writes their lines. The chain moves on only if all of them were taken.
    fn write(&mut self, entries: &[(&Entry, Option<Place>)]) -> Result<Vec<Head>, AppendError> {
        let segment = self.segment.as_mut().ok_or(AppendError::Lost)?;
        let (mut head, mut drained) = (self.head, self.drained);
        let mut heads = Vec::with_capacity(entries.len());
        self.lines.clear();
        for &(entry, place) in entries {
            let link = Link {
                sequence: head.sequence.saturating_add(1),
                previous: head.hash,
                leaf: *entry.leaf(),
                place,
            };
            head = link.head();
            drained = place.or(drained);
            heads.push(head);
            self.lines.extend_from_slice(entry.as_bytes());
            // Memory takes everything.
            let _ = write!(self.lines, "{}", link.tail(head.hash));
        }
        match segment.write(&self.lines) {
            Ok(()) => {
                (self.head, self.drained) = (head, drained);
                self.bytes = self.bytes.saturating_add(self.lines.len() as u64);
                self.gauges.bytes.store(self.bytes, Relaxed);
                self.gauges.show_head(head);
                self.gauges.records.fetch_add(entries.len() as u64, Relaxed);
                self.gauges.write_failing.store(false, Relaxed);
                Ok(heads)
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// The records of this write are counted by who wanted them appended.
    fn fail(&mut self, error: WriteError) -> AppendError {
        let segment = self
            .segment
            .as_ref()
            .map(|segment| segment.name().to_string())
            .unwrap_or_default();
        self.gauges.write_failing.store(true, Relaxed);
        match error {
            WriteError::Undone(source) => AppendError::Write { segment, source },
            WriteError::Partial(source) => {
                let refused = std::mem::take(&mut self.refused);
                self.drop_segment(Recovery::WriteFailed {
                    segment: segment.clone(),
                    refused,
                });
                AppendError::Write { segment, source }
            }
        }
    }
}
