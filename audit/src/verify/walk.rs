//! Walking a log line by line. After a fault the walk goes on where it can, so that one fault is found once.

use serde::Deserialize;
use serde_json::Value;

use super::report::{Finding, Location, Note, Report};
use crate::{
    chain::{Hash, Head, Link},
    line::{LineError, RawLine},
    recovery::Upkeep,
    segment::{Header, SegmentName},
};

#[derive(Debug)]
pub(super) struct Walk {
    report: Report,
    expected: Option<Head>,
    /// Whether a record of the expected head's sequence was there.
    met_expected: bool,
    /// The last record; the next follows it.
    position: Option<Head>,
    /// Lines since `position` that nothing can be told of.
    unread: u64,
    /// The last record up to which this segment is whole: where a vault that finds a fault goes on.
    whole: Option<Head>,
    /// A fault was found in this segment.
    broken: bool,
    /// The last record of those that were found to have been moved.
    moved: u64,
    /// The last record known to have been removed in time.
    removed: u64,
    segment: Option<SegmentName>,
    line: u64,
    /// The segment is of another log: nothing in it counts.
    foreign: bool,
    /// A line without its end, which is a fault unless it is the segment's last.
    torn: Option<(Location, u64)>,
}

/// What a walk wants of a record's text.
#[derive(Deserialize)]
struct Peek {
    #[serde(default)]
    time: String,
    #[serde(default)]
    properties: Value,
}

impl Walk {
    pub(super) fn new(expected: Option<Head>) -> Self {
        Self {
            report: Report {
                compared: expected.is_some(),
                ..Report::default()
            },
            expected,
            met_expected: false,
            position: None,
            unread: 0,
            whole: None,
            broken: false,
            moved: 0,
            removed: 0,
            segment: None,
            line: 0,
            foreign: false,
            torn: None,
        }
    }

    /// Begins a segment.
    pub(super) fn enter(&mut self, name: SegmentName) {
        self.segment = Some(name);
        self.report.segments = self.report.segments.saturating_add(1);
        self.line = 0;
        self.broken = false;
        self.foreign = false;
    }

    /// Ends a segment.
    pub(super) fn leave(&mut self) {
        if let Some((at, bytes)) = self.torn.take() {
            self.note(Note::TornLine { at, bytes });
        }
    }

    /// Takes the next line of the segment.
    pub(super) fn line(&mut self, raw: &RawLine) {
        self.line = self.line.saturating_add(1);
        if let Some((at, _)) = self.torn.take() {
            self.fault(Finding::Altered {
                at,
                error: LineError::Form,
            });
            self.unread = self.unread.saturating_add(1);
        }
        if self.foreign {
            return;
        }
        match raw.parse() {
            Ok((body, link)) => self.record(body, &link),
            Err(LineError::Form) if !raw.is_complete() => {
                self.torn = Some((self.at(self.next()), raw.bytes.len() as u64));
            }
            Err(error) => {
                self.fault(Finding::Altered {
                    at: self.at(self.next()),
                    error,
                });
                self.unread = self.unread.saturating_add(1);
            }
        }
    }

    fn record(&mut self, body: &str, link: &Link) {
        if self.line == 1 && !self.begins_segment(body, link) {
            return;
        }
        let sound = self.place(link);
        self.compare(link);
        if sound {
            self.report.records = self.report.records.saturating_add(1);
            self.report.head = Some(link.head());
        }
        self.position = match self.position {
            Some(position) if link.sequence <= position.sequence => Some(position),
            _ => Some(link.head()),
        };
        self.unread = if self.position == Some(link.head()) {
            0
        } else {
            self.unread
        };
        self.read_upkeep(body, link);
    }

    /// Checks a segment's first record, and says whether the segment is of this log.
    fn begins_segment(&mut self, body: &str, link: &Link) -> bool {
        let at = self.at(link.sequence);
        let Some(header) = Header::parse(body) else {
            self.fault(Finding::Misnamed { at });
            return true;
        };
        let ours = (self
            .report
            .vault_id
            .get_or_insert_with(|| header.vault_id.clone())
            == &header.vault_id)
            && (self.report.replica.get_or_insert_with(|| header.replica.clone()) == &header.replica);
        if !ours {
            self.foreign = true;
            self.fault(Finding::Spliced {
                at,
                vault_id: header.vault_id,
                replica: header.replica,
            });
            return false;
        }
        if self.segment.is_some_and(|name| name.first() != link.sequence) {
            self.fault(Finding::Misnamed { at });
        }
        // A vault that found a fault when it started goes on behind the last record before it.
        if self.whole.is_some_and(|whole| link.previous == whole.hash) {
            self.position = self.whole;
            self.unread = 0;
        }
        self.begins_log(&header, link);
        true
    }

    fn begins_log(&mut self, header: &Header, link: &Link) {
        if self.position.is_none() && link.sequence == 1 {
            let hash = Hash::genesis(&header.vault_id, &header.replica);
            self.position = Some(Head { sequence: 0, hash });
        }
    }

    /// Compares a record's place with the one it should have, and says whether it is in order.
    fn place(&mut self, link: &Link) -> bool {
        let at = self.at(link.sequence);
        self.report.first.get_or_insert(link.sequence);
        let next = self.next();
        let resumes = self.unread > 0 && link.sequence == next;
        let sound = self.position.is_none() || self.follows(link) || resumes;
        if !sound && link.sequence > next {
            self.fault(Finding::Gap {
                at,
                from: next,
                through: link.sequence.saturating_sub(1),
            });
        } else if !sound && link.sequence == next {
            self.fault(Finding::Unchained { at });
        } else if !sound {
            self.out_of_order(at);
        }
        // A segment is gone on with from its header on, whatever was before.
        self.broken &= self.line > 1;
        if !self.broken {
            self.whole = Some(link.head());
        }
        sound
    }

    /// A record that fills a gap was moved; one that does not was there before.
    fn out_of_order(&mut self, at: Location) {
        let is_filled = |finding: &&mut Finding| match finding {
            Finding::Gap { from, through, .. } => (*from..=*through).contains(&at.sequence),
            _ => false,
        };
        if let Some(finding) = self.report.findings.iter_mut().find(is_filled) {
            if let Finding::Gap {
                at: moved, through, ..
            } = *finding
            {
                *finding = Finding::Reordered { at: moved };
                self.moved = self.moved.max(through);
            }
        } else if at.sequence > self.moved {
            self.fault(Finding::Repeated { at });
        }
    }

    fn compare(&mut self, link: &Link) {
        let Some(expected) = self.expected.filter(|head| head.sequence == link.sequence) else {
            return;
        };
        self.met_expected = true;
        if link.hash() != expected.hash {
            self.fault(Finding::Rewritten {
                at: self.at(link.sequence),
                expected: expected.hash,
            });
        }
    }

    fn read_upkeep(&mut self, body: &str, link: &Link) {
        let kind = body
            .strip_prefix("{\"type\":\"")
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default();
        if !matches!(kind, Upkeep::RECOVERED | Upkeep::RETENTION | "checkpoint") {
            return;
        }
        let text = format!("{body}}}");
        let Ok(peek) = serde_json::from_str::<Peek>(&text) else {
            return;
        };
        let at = self.at(link.sequence);
        match kind {
            Upkeep::RETENTION => {
                let through = peek.properties.get("through").and_then(Value::as_u64);
                self.removed = self.removed.max(through.unwrap_or_default());
            }
            Upkeep::RECOVERED => {
                self.note(Note::Recovered {
                    at,
                    time: peek.time,
                    properties: peek.properties.to_string(),
                });
            }
            _ => self.note(Note::Checkpoint { at }),
        }
    }

    /// Ends the walk.
    pub(super) fn finish(mut self) -> Report {
        if let Some(through) = self
            .report
            .first
            .map(|first| first.saturating_sub(1))
            .filter(|through| *through > 0)
        {
            if through <= self.removed {
                self.note(Note::Removed { through });
            } else {
                self.first_fault(Finding::HeadMissing { through });
            }
        }
        let last = self
            .position
            .map_or(0, |head| head.sequence)
            .saturating_add(self.unread);
        match self.expected {
            Some(head) if head.sequence > last => {
                self.fault(Finding::TailMissing {
                    since: last.saturating_add(1),
                    through: head.sequence,
                });
            }
            Some(_) if !self.met_expected && self.report.is_intact() => self.note(Note::ExpectedHeadRemoved),
            Some(_) | None => {}
        }
        self.report
    }

    fn follows(&self, link: &Link) -> bool {
        self.position.is_some_and(|head| {
            link.previous == head.hash && link.sequence == head.sequence.saturating_add(1) && self.unread == 0
        })
    }

    /// The sequence number of the record that comes next.
    fn next(&self) -> u64 {
        let last = self.position.map_or(0, |head| head.sequence);
        last.saturating_add(self.unread).saturating_add(1)
    }

    /// The line the walk is at, as the record `sequence`.
    fn at(&self, sequence: u64) -> Location {
        let segment = self.segment.unwrap_or_default();
        Location {
            segment,
            line: self.line,
            sequence,
        }
    }

    fn fault(&mut self, finding: Finding) {
        self.broken = true;
        if self.report.findings.len() < Report::LISTED {
            self.report.findings.push(finding);
        } else {
            self.report.unlisted = self.report.unlisted.saturating_add(1);
        }
    }

    fn first_fault(&mut self, finding: Finding) {
        self.report.findings.insert(0, finding);
    }

    fn note(&mut self, note: Note) {
        if self.report.notes.len() < Report::LISTED {
            self.report.notes.push(note);
        } else {
            self.report.unlisted = self.report.unlisted.saturating_add(1);
        }
    }
}
