//! The file that a log is written to: noticed when it is lost or changed, and followed by the next when it is full or old.

use std::{sync::atomic::Ordering::Relaxed, time::SystemTime};

use super::Writer;
use crate::{
    entry::Entry,
    log::error::AppendError,
    recovery::Recovery,
    segment::{Breach, Continues, Header, Segment, remake_dir},
};

impl Writer {
    pub(super) fn check_file(&mut self) -> Result<(), AppendError> {
        let breach = self.segment.as_ref().ok_or(AppendError::Lost)?.check_file();
        breach.map_err(|breach| self.lose(breach))
    }

    /// Checks that the name still leads to the file. For the log's thread: an append checks only the file.
    pub(in crate::log) fn check_name(&mut self) {
        if let Some(Err(breach)) = self.segment.as_ref().map(Segment::check_name) {
            self.lose(breach);
        }
    }

    fn lose(&mut self, breach: Breach) -> AppendError {
        if let Some(segment) = &self.segment {
            let name = segment.name().to_string();
            self.drop_segment(match breach {
                Breach::Lost => Recovery::FileLost { segment: name },
                Breach::Changed { found } => Recovery::FileChanged {
                    segment: name,
                    expected: segment.len(),
                    found,
                },
            });
        }
        AppendError::Lost
    }

    /// Goes on without a file until a new one is begun. Nobody knows what of this one is on the disk: records of writes
    /// that were drained since the last sync are to be drained again.
    pub(in crate::log) fn drop_segment(&mut self, recovery: Recovery) {
        if let Some(segment) = self.segment.take() {
            self.before = Some(segment.name().to_string());
            self.pending.push(recovery);
        }
        self.must_drain_again |= self.drained != self.kept;
        self.drained = self.kept;
        self.gauges.lost.store(true, Relaxed);
    }

    pub(in crate::log) fn is_rotation_due(&self) -> bool {
        let is_full = |segment: &Segment| segment.len() >= self.config.segment.bytes;
        self.rotation_due || self.segment.as_ref().is_some_and(is_full)
    }

    /// Closes the segment, if one is open, and begins the next with its header.
    pub(in crate::log) fn begin_segment(&mut self) -> Result<(), AppendError> {
        let dir = &self.config.dir;
        let create = || {
            remake_dir(dir)?;
            Segment::create(dir, self.head.sequence.saturating_add(1))
        };
        let next = create().map_err(|source| {
            self.gauges.write_failing.store(true, Relaxed);
            AppendError::Segment {
                dir: dir.clone(),
                source,
            }
        })?;
        self.dir_changed = true;
        let last = self
            .segment
            .as_ref()
            .map(|segment| segment.name().to_string())
            .or_else(|| self.before.clone());
        let header = self.header(last).at(SystemTime::now());
        let closed = self.segment.replace(next);
        match self.write(&[(&Entry::of(&header), None)]) {
            Ok(_) => {
                self.closed.extend(closed.map(|segment| segment.file().clone()));
                self.rotation_due = false;
                self.gauges.lost.store(false, Relaxed);
                Ok(())
            }
            Err(error) => {
                if let Some(unused) = std::mem::replace(&mut self.segment, closed) {
                    unused.remove();
                }
                self.gauges.lost.store(self.segment.is_none(), Relaxed);
                Err(error)
            }
        }
    }

    fn header(&self, last: Option<String>) -> Header {
        let continues = (self.head.sequence > 0).then_some(Continues {
            segment: last,
            head: self.head,
        });
        Header {
            format: Header::FORMAT,
            vault_id: self.config.vault_id.clone().into(),
            replica: self.config.replica.clone().into(),
            continues,
            drained: self.drained,
        }
    }
}
