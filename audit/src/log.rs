//! The log itself: one writer, one chain, one thread that syncs.

use std::{
    fs::{File, TryLockError},
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use parking_lot::{Condvar, Mutex};

use self::{
    gauges::Gauges,
    open::find_end,
    shared::{Progress, Shared},
    writer::{Appended, Writer},
};
use crate::{
    chain::{Hash, Head, Place},
    config::{Class, LogConfig},
    entry::Entry,
    recovery::Recovery,
    segment::make_dir,
};

mod bucket;
mod error;
mod gauges;
mod lookup;
mod open;
mod shared;
mod worker;
mod writer;

pub use self::{
    error::{AppendError, OpenError},
    gauges::{Problem, Usage},
    shared::Synced,
};

/// An audit log, open for appending. Shared by reference; every method may be called from any thread.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
    worker: Option<JoinHandle<()>>,
    recovered: Vec<Recovery>,
    _in_use: File,
}

impl Log {
    /// Opens the log that `config` names, or begins it. `expected` is [`Self::synced`]'s head as the store last kept it:
    /// a log that ends before it has lost records, goes on behind it, and says so.
    ///
    /// Reads the newest segment whole, so that takes about 20 ms for 16 MiB.
    pub fn open(config: LogConfig, expected: Option<Head>) -> Result<Self, OpenError> {
        let in_use = lock_dir(&config)?;
        let end = find_end(&config, expected)?;
        let config = Arc::new(config);
        let gauges = Arc::new(Gauges::new(config.quota, end.head));
        let recovered = end.recoveries.clone();
        let dir_error = |source| OpenError::Dir {
            dir: config.dir.clone(),
            source,
        };
        let mut writer = Writer::at(end, config.clone(), gauges.clone()).map_err(dir_error)?;
        let write_error = |source| OpenError::Write {
            dir: config.dir.clone(),
            source,
        };
        if writer.segment.is_none() {
            writer.begin_segment().map_err(write_error)?;
        }
        writer.settle().map_err(write_error)?;
        let synced = Synced {
            head: writer.head,
            drained: writer.drained,
        };
        let shared = Arc::new(Shared {
            config,
            gauges,
            writer: Mutex::new(writer),
            dirty: AtomicBool::new(true),
            stopped: AtomicBool::new(false),
            failed_in_a_row: AtomicU32::new(0),
            worker: OnceLock::new(),
            progress: Mutex::new(Progress { synced, failures: 0 }),
            progressed: Condvar::new(),
        });
        // What was there before may not have been synced either.
        shared.sync();
        let worker = start(&shared).map_err(OpenError::Thread)?;
        Ok(Self {
            shared,
            worker: Some(worker),
            recovered,
            _in_use: in_use,
        })
    }

    /// The hash of the record with this number; none where it is not in the log any more, or was altered since. Reads up
    /// to one segment, so that takes about 20 ms.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub fn hash_at(&self, sequence: u64) -> io::Result<Option<Hash>> {
        let head = self.head();
        if head.sequence == sequence {
            return Ok(Some(head.hash));
        }
        lookup::hash_at(&self.shared.config.dir, sequence)
    }

    /// What was found wrong when the log was opened; each is recorded in it.
    pub fn recovered(&self) -> &[Recovery] {
        &self.recovered
    }

    /// Appends a record, and answers once it would survive the end of this process; with [`SyncMode::Always`], once it
    /// would survive a power loss.
    ///
    /// On an error nothing may be answered to whom the record is about: the vault says 503.
    pub fn append(&self, class: Class, entry: &Entry) -> Result<Head, AppendError> {
        self.shared.append_one(Appended {
            class,
            entry,
            place: None,
        })
    }

    /// Appends several records as [`Self::append`] does, in their order and with one write. One that the quota has no
    /// room for is refused alone; the others are appended all or not at all.
    pub fn append_all(&self, records: &[(Class, Entry)]) -> Vec<Result<Head, AppendError>> {
        self.shared.append(&without_places(records))
    }

    /// What [`Self::append_all`] does, where it comes down to one write to a file that took the last one promptly. None, and
    /// nothing is appended, where something else would be waited for: another thread's write, a sync of each record, the
    /// beginning of a segment, a disk that was or is slow. For a thread that others wait for.
    pub fn append_promptly(&self, records: &[(Class, Entry)]) -> Option<Vec<Result<Head, AppendError>>> {
        self.shared.append_promptly(&without_places(records))
    }

    /// Appends a write's record from the store's outbox, after its commit; none if the log holds it already, which is
    /// so for the first records of an outbox after a crash.
    ///
    /// Places must come in their order. An error leaves the record in the outbox, to be drained again.
    ///
    /// # Errors
    /// [`AppendError::DrainAgain`] where earlier ones must come once more: a file was dropped before it was synced.
    pub fn drain(&self, place: Place, entry: &Entry) -> Result<Option<Head>, AppendError> {
        self.shared.gauges.check_disk()?;
        if self.last_drained().is_some_and(|last| last >= place) {
            return Ok(None);
        }
        let record = Appended {
            class: Class::Write,
            entry,
            place: Some(place),
        };
        self.shared.append_one(record).map(Some)
    }

    /// Whether records of writes that were drained before must be drained again; if so, that begins with this call. They
    /// are those after [`Self::last_drained`], and may be in the log twice then.
    pub fn drain_again(&self) -> bool {
        std::mem::take(&mut self.shared.lock().must_drain_again)
    }

    /// Records that the store was put back to `generation` and that this was accepted: later writes have places that
    /// the log may have seen before, and are recorded all the same.
    pub fn accept_rollback(&self, generation: u64, entry: &Entry) -> Result<Head, AppendError> {
        let place = Place {
            generation,
            index: u32::MAX,
        };
        self.shared.append_one(Appended {
            class: Class::Administration,
            entry,
            place: Some(place),
        })
    }

    /// Whether an append or a sync does not end, so that the next would not either. Needs no lock.
    pub fn hangs(&self) -> bool {
        matches!(self.shared.gauges.check_disk(), Err(AppendError::Hangs))
    }

    /// Whether a record of `class` would be refused now. For a writer, before it commits what must be recorded.
    pub fn check(&self, class: Class) -> Result<(), AppendError> {
        self.shared.gauges.check_disk()?;
        let usage = self.usage();
        let limit = usage.quota.limit(class);
        match self.problem() {
            Some(Problem::Lost) => Err(AppendError::Lost),
            _ if usage.bytes.saturating_add(Gauges::MARGIN) > limit => Err(AppendError::QuotaReached {
                class,
                bytes: usage.bytes,
                limit,
            }),
            _ => Ok(()),
        }
    }

    /// The place of the last write in the log. Greater than the store's generation means that the store is older than
    /// the log: it was put back.
    pub fn last_drained(&self) -> Option<Place> {
        self.shared.lock().drained
    }

    /// The last record. Waits for no disk.
    pub fn head(&self) -> Head {
        self.shared.gauges.head()
    }

    /// How far the log has reached the disk: the store keeps the head, and drops the outbox up to the place.
    pub fn synced(&self) -> Synced {
        self.shared.progress().synced
    }

    /// Waits until everything appended before the call is on the disk. For a drain before the process ends.
    pub fn sync(&self) -> Result<Synced, AppendError> {
        let failures = self.shared.progress().failures;
        let head = self.head();
        self.shared.wake();
        self.shared.hurry();
        self.shared.wait_for(head, failures)?;
        Ok(self.synced())
    }

    /// Why the log is not healthy, if it is not: an append that hangs or took over 1 s, a used-up quota, a lost file.
    /// Needs no lock.
    pub fn problem(&self) -> Option<Problem> {
        self.shared.gauges.problem()
    }

    /// How many bytes more reads and writes may take until something must go that is too young for it. Needs no lock.
    pub fn room(&self) -> u64 {
        let usage = self.usage();
        let kept = usage.bytes.saturating_sub(usage.removable);
        usage.quota.limit(Class::Read).saturating_sub(kept)
    }

    /// The log's numbers. Needs no lock.
    pub fn usage(&self) -> Usage {
        self.shared.gauges.usage()
    }
}

impl Drop for Log {
    /// Syncs what was appended.
    fn drop(&mut self) {
        self.shared.stopped.store(true, Relaxed);
        if let Some(worker) = self.worker.take() {
            worker.thread().unpark();
            // A thread that panicked has nothing left to do.
            let _ = worker.join();
        }
        self.shared.sync();
    }
}

/// Records of what changes nothing in the store.
fn without_places(records: &[(Class, Entry)]) -> Vec<Appended<'_>> {
    records
        .iter()
        .map(|(class, entry)| Appended {
            class: *class,
            entry,
            place: None,
        })
        .collect()
}

fn start(shared: &Arc<Shared>) -> std::io::Result<JoinHandle<()>> {
    let weak = Arc::downgrade(shared);
    let worker = thread::Builder::new()
        .name("audit".to_owned())
        .spawn(move || worker::run(&weak))?;
    let _ = shared.worker.set(worker.thread().clone());
    Ok(worker)
}

/// Keeps other processes from writing the same log; released by the kernel however this process ends. Waits a little for
/// one that is just ending, or for a child that has not yet closed what it inherited.
fn lock_dir(config: &LogConfig) -> Result<File, OpenError> {
    const TRIES: u32 = 100;
    let dir_error = |source| OpenError::Dir {
        dir: config.dir.clone(),
        source,
    };
    make_dir(&config.dir).map_err(dir_error)?;
    let file = File::create(config.dir.join("lock")).map_err(dir_error)?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(source)) => return Err(dir_error(source)),
        }
    }
    Err(OpenError::InUse(config.dir.clone()))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_log_that_was_slow_finds_out_by_itself_that_it_no_longer_is() {
        let directory = tempfile::tempdir().unwrap();
        let config = LogConfig::new(directory.path().join("audit"), "vault", "prod-0");
        let log = Log::open(config, None).unwrap();
        let before = log.head();
        log.shared.gauges.pretend_last(Duration::from_secs(5));
        assert_eq!(log.problem(), Some(Problem::Slow(Duration::from_secs(5))));
        // Nobody appends: a vault that is not ready gets no requests.
        let began = Instant::now();
        while log.problem().is_some() {
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", log.problem());
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(
            log.head().sequence,
            before.sequence + 1,
            "and it records that it was"
        );
    }
}
