//! The log's thread: it syncs, notices what was done to the file, begins segments and removes old ones.

use std::{
    fs, io,
    path::Path,
    sync::{Weak, atomic::Ordering::Relaxed},
    thread,
    time::{Duration, Instant, SystemTime},
};

use super::shared::{Shared, Synced};
use crate::{
    config::{Retention, SyncMode},
    entry::Entry,
    recovery::{Recovery, Upkeep},
    segment::{Segment, SegmentName, list},
};

/// How long at most until a removed or replaced file is noticed.
const CHECK: Duration = Duration::from_millis(250);
/// How long at most until a disk that does not take what was appended is tried again. Each try is a new file.
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// How often a disk that was slow is tried again.
const PROBE: Duration = Duration::from_secs(1);
/// How often the directory is listed.
const LIST: Duration = Duration::from_secs(1);

/// Runs until the log is dropped.
pub(super) fn run(shared: &Weak<Shared>) {
    let mut opened = Instant::now();
    let mut listed = Instant::now();
    let mut probed = Instant::now();
    loop {
        thread::park_timeout(CHECK);
        let Some(shared) = shared.upgrade() else { return };
        if shared.stopped.load(Relaxed) {
            return;
        }
        let mut is_new = false;
        if shared.dirty.load(Relaxed) {
            shared.wait_for_more();
            is_new = shared.sync();
        }
        if shared.tend(opened.elapsed()) {
            opened = Instant::now();
        }
        if shared.gauges.must_probe() && probed.elapsed() >= PROBE {
            shared.probe();
            probed = Instant::now();
        }
        if is_new || listed.elapsed() >= LIST {
            listed = Instant::now();
            shared.retain();
        }
    }
}

impl Shared {
    /// Lets a window of appends share one sync. A fifth of the window is left for the sync itself.
    fn wait_for_more(&self) {
        if let SyncMode::Within(window) = self.config.sync {
            thread::park_timeout(window / 5 * 4);
        }
    }

    /// Syncs what was appended, and says whether a segment was begun since the last time.
    pub(super) fn sync(&self) -> bool {
        self.dirty.store(false, Relaxed);
        let (files, synced, dir_changed) = {
            let mut writer = self.lock();
            if writer.segment.is_none() {
                // What was in it may be lost: nothing can be said before the next is there.
                return false;
            }
            let mut files = std::mem::take(&mut writer.closed);
            files.extend(writer.segment.as_ref().map(|segment| segment.file().clone()));
            let synced = Synced {
                head: writer.head,
                drained: writer.drained,
            };
            (files, synced, std::mem::take(&mut writer.dir_changed))
        };
        let timer = self.gauges.time_sync();
        let of_files = files.iter().try_for_each(|file| file.sync_data());
        let of_dir = if dir_changed {
            sync_dir(&self.config.dir)
        } else {
            Ok(())
        };
        drop(timer);
        self.gauges.syncs.fetch_add(1, Relaxed);
        match of_files.and(of_dir) {
            Ok(()) => self.publish(synced),
            Err(_) => self.distrust(),
        }
        dir_changed
    }

    fn publish(&self, synced: Synced) {
        let mut writer = self.lock();
        writer.kept = synced.drained;
        writer.sync_failed = None;
        drop(writer);
        self.gauges.sync_failing.store(false, Relaxed);
        self.failed_in_a_row.store(0, Relaxed);
        self.progress().synced = synced;
        self.progressed.notify_all();
    }

    /// After a failed sync nobody knows what of the file is on the disk, and a second sync would not tell: the records
    /// go on in a new file, and none is taken before a sync of that one has succeeded.
    fn distrust(&self) {
        self.gauges.sync_failing.store(true, Relaxed);
        self.failed_in_a_row.fetch_add(1, Relaxed);
        let mut writer = self.lock();
        writer.sync_failed = Some(Instant::now());
        if let Some(segment) = writer.segment.as_ref().map(|segment| segment.name().to_string()) {
            writer.drop_segment(Recovery::SyncFailed { segment });
        }
        drop(writer);
        let mut progress = self.progress();
        progress.failures = progress.failures.wrapping_add(1);
        drop(progress);
        self.progressed.notify_all();
    }

    /// Appends a record after a slow one. A vault whose log is slow is not ready and gets no requests, so that no other
    /// append would ever tell that the disk is fast again.
    fn probe(&self) {
        let mut writer = self.lock();
        let _timer = self.gauges.time();
        writer.record_slow(self.gauges.last());
        self.dirty.store(true, Relaxed);
    }

    /// Checks the file, begins a new one where it is lost, and says whether one was begun.
    fn tend(&self, age: Duration) -> bool {
        let mut writer = self.lock();
        writer.check_name();
        if writer.segment.is_none() {
            let is_early = |failed: Instant| failed.elapsed() < self.patience();
            if writer.sync_failed.is_some_and(is_early) {
                return false;
            }
            // A failure is kept in the gauges and tried again in the next round.
            let begun = writer.begin_segment().is_ok();
            if begun {
                writer.admit_refused();
                let _ = writer.settle();
            }
            drop(writer);
            self.dirty.store(true, Relaxed);
            return begun;
        }
        if self.gauges.write_failing.load(Relaxed) {
            writer.retry();
            self.dirty.store(true, Relaxed);
        }
        writer.rotation_due |= age >= self.config.segment.age;
        writer.rotation_due && writer.begin_segment().is_ok()
    }

    /// How long after a failed sync the next file is begun: longer each time.
    fn patience(&self) -> Duration {
        let doubled = self.failed_in_a_row.load(Relaxed).saturating_sub(1).min(16);
        CHECK.saturating_mul(1 << doubled).min(LONGEST_RETRY)
    }

    /// Counts what the directory holds, and removes what need not be kept.
    fn retain(&self) {
        let Ok(closed) = self.closed_segments() else {
            return;
        };
        let (retention, now) = (self.config.retention, SystemTime::now());
        let expired = expired(&closed, retention, self.current_len(), now);
        if let Some(through) = expired.last().map(|segment| segment.last) {
            self.remove(&expired, through, now);
        }
        let kept = closed.get(expired.len()..).unwrap_or_default();
        let bytes_of = |segments: &[Closed]| segments.iter().map(|segment| segment.bytes).sum::<u64>();
        let young = kept.partition_point(|segment| segment.age(now) >= retention.least_age);
        let removable = bytes_of(kept.get(..young).unwrap_or_default());
        self.gauges.removable.store(removable, Relaxed);
        let kept = bytes_of(kept);
        let mut writer = self.lock();
        let current = writer.segment.as_ref().map_or(0, Segment::len);
        writer.bytes = kept.saturating_add(current);
        self.gauges.bytes.store(writer.bytes, Relaxed);
    }

    /// Records the removal, then removes: what is gone without such a record was taken by someone else.
    fn remove(&self, expired: &[Closed], through: u64, now: SystemTime) {
        let is_early = |segment: &&Closed| !segment.is_old(self.config.retention, now);
        let early = expired.iter().filter(is_early).map(|segment| segment.bytes).sum();
        let upkeep = Upkeep::Retention {
            through,
            segments: expired.len() as u64,
            bytes: expired.iter().map(|segment| segment.bytes).sum(),
            early,
        };
        let entry = Entry::of(&upkeep.at(now));
        if self.lock().extend(&[(&entry, None)]).is_err() {
            return;
        }
        self.dirty.store(true, Relaxed);
        self.gauges.removed_early.fetch_add(early, Relaxed);
        self.gauges.removed_through.store(through, Relaxed);
        for segment in expired {
            // One that stays is found again in the next round.
            let _ = fs::remove_file(self.config.dir.join(segment.name.to_string()));
        }
    }

    fn current_len(&self) -> u64 {
        self.lock().segment.as_ref().map_or(0, Segment::len)
    }

    /// Every segment but the one that is written, oldest first.
    fn closed_segments(&self) -> io::Result<Vec<Closed>> {
        let Some(current) = self.lock().segment.as_ref().map(Segment::name) else {
            return Ok(Vec::new());
        };
        let names = list(&self.config.dir)?;
        let nexts = names.iter().skip(1).map(|next| next.first().saturating_sub(1));
        let mut closed = Vec::new();
        for (name, last) in names.iter().zip(nexts).take_while(|(name, _)| **name < current) {
            let metadata = fs::symlink_metadata(self.config.dir.join(name.to_string()))?;
            closed.push(Closed {
                name: *name,
                last,
                bytes: metadata.len(),
                written: metadata.modified()?,
            });
        }
        Ok(closed)
    }
}

/// A segment that is no longer written.
#[derive(Debug, Clone, Copy)]
struct Closed {
    name: SegmentName,
    /// The sequence number of its last record.
    last: u64,
    bytes: u64,
    written: SystemTime,
}

impl Closed {
    /// How long ago its last record was written. A clock that was ahead then, and is not now, keeps nothing for ever.
    fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.written)
            .unwrap_or_else(|ahead| ahead.duration())
    }

    fn is_old(&self, retention: Retention, now: SystemTime) -> bool {
        retention.age.is_some_and(|limit| self.age(now) > limit)
    }
}

/// The oldest of `closed` that need not be kept beside `current` bytes.
fn expired(closed: &[Closed], retention: Retention, current: u64, now: SystemTime) -> Vec<Closed> {
    let mut total = closed
        .iter()
        .map(|segment| segment.bytes)
        .sum::<u64>()
        .saturating_add(current);
    let mut expired = Vec::new();
    for segment in closed {
        let is_too_much = retention.bytes.is_some_and(|limit| total > limit);
        let makes_room = is_too_much && segment.age(now) >= retention.least_age;
        if !segment.is_old(retention, now) && !makes_room {
            break;
        }
        total = total.saturating_sub(segment.bytes);
        expired.push(*segment);
    }
    expired
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    fs::File::open(dir)?.sync_all()
}
