//! The embedded store: one redb file.
//!
//! Every commit is two-phase with quick-repair, so that opening after a crash costs the same whatever the size. After an
//! I/O error redb refuses everything until it is opened again; this store does that by itself, and says what became of
//! the commit that met the error.

use std::{
    fs::File,
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use parking_lot::RwLock;
use redb::{Database, StorageBackend, TableDefinition, backends::FileBackend};

use self::{failure::Failure, snapshot::RedbSnapshot};
use super::{Batch, CommitError, Gen, Limits, Purpose, Snapshot, Store, StoreError};

mod create;
mod failure;
mod header;
mod snapshot;

pub use failure::OpenStoreError;

const RECORDS: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("records");

/// Stores below this are checked whole when they are opened.
const CHECKED_ON_OPEN: u64 = 64 * 1024 * 1024;

/// How a redb store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedbOptions {
    /// Bytes of pages kept in memory.
    pub cache_bytes: usize,
    /// What must stay free on the disk, whatever a commit is for: one that would leave less is refused as full before
    /// redb meets the disk's end, so that reading goes on undisturbed. What only tidies leaves twice as much, and what
    /// grows the store four times as much.
    pub reserve_bytes: u64,
}

impl Default for RedbOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * 1024 * 1024,
            reserve_bytes: 2 * 1024 * 1024,
        }
    }
}

impl RedbOptions {
    /// What a commit for `purpose` leaves free on the disk.
    pub const fn kept_free(self, purpose: Purpose) -> u64 {
        match purpose {
            Purpose::Govern => self.reserve_bytes,
            Purpose::Tidy => self.reserve_bytes.saturating_mul(2),
            Purpose::Grow => self.reserve_bytes.saturating_mul(4),
        }
    }
}

/// Opens the database; the flag asks for the check of the whole file.
type Opener = Box<dyn Fn(bool) -> Result<Database, Failure> + Send + Sync>;

/// An open database.
struct Opened {
    database: Database,
    /// Set by a snapshot that could not be read: redb refuses everything from then on.
    broken: Arc<AtomicBool>,
}

/// A store in one redb file.
pub struct RedbStore {
    open: Opener,
    /// None after an error that opening again did not mend.
    opened: RwLock<Option<Opened>>,
    room: Option<Room>,
    /// What is set aside for who else writes to the disk.
    aside: AtomicU64,
}

impl std::fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedbStore").finish_non_exhaustive()
    }
}

/// Where a store lies, and what must stay free there.
struct Room {
    directory: PathBuf,
    options: RedbOptions,
}

impl RedbStore {
    /// Opens the store at `path`, or makes an empty one.
    pub fn open(path: &Path, options: RedbOptions) -> Result<Self, OpenStoreError> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new(".")).to_owned();
        let room = Room { directory, options };
        create::create_if_missing(path)?;
        let path = path.to_owned();
        let backend = move || FileBackend::new(open_file(&path)?).map_err(io::Error::other);
        Self::assemble(backend, options, Some(room))
    }

    /// Opens the store in the storage that `backend` gives, each time it is (re)opened: for simulating disks.
    pub fn open_with_backend<B: StorageBackend>(
        backend: impl Fn() -> io::Result<B> + Send + Sync + 'static,
        options: RedbOptions,
    ) -> Result<Self, OpenStoreError> {
        Self::assemble(backend, options, None)
    }

    fn assemble<B: StorageBackend>(
        backend: impl Fn() -> io::Result<B> + Send + Sync + 'static,
        options: RedbOptions,
        room: Option<Room>,
    ) -> Result<Self, OpenStoreError> {
        let open: Opener = Box::new(move |check| {
            let backend = backend()?;
            let small = backend.len()? < CHECKED_ON_OPEN;
            let mut builder = Database::builder();
            builder
                .set_cache_size(options.cache_bytes)
                .set_check_integrity_on_open(check && small);
            Ok(builder.create_with_backend(backend)?)
        });
        let opened = Opened {
            database: open(true)?,
            broken: Arc::default(),
        };
        header::prepare(&opened.database)?;
        let opened = RwLock::new(Some(opened));
        Ok(Self {
            open,
            opened,
            room,
            aside: AtomicU64::new(0),
        })
    }

    /// Does `work` with the database, opening it again first where it failed before.
    fn with<T>(&self, work: impl FnOnce(&Opened) -> Result<T, Failure>) -> Result<T, Failure> {
        let opened = self.opened.read();
        if let Some(opened) = opened.as_ref().filter(|opened| !opened.broken.load(Relaxed)) {
            return work(opened);
        }
        drop(opened);
        self.reopen()?;
        let opened = self.opened.read();
        opened.as_ref().map_or(Err(Failure::Closed), work)
    }

    fn reopen(&self) -> Result<(), Failure> {
        let mut opened = self.opened.write();
        // The file is locked for as long as the old handle lives.
        *opened = None;
        *opened = Some(Opened {
            database: (self.open)(false)?,
            broken: Arc::default(),
        });
        Ok(())
    }

    fn snapshot_of_database(&self) -> Result<RedbSnapshot, Failure> {
        self.with(|opened| RedbSnapshot::open(&opened.database, Arc::clone(&opened.broken)))
    }

    /// Finds out what became of a commit that failed half-way.
    fn after_failure(&self, expect: Gen, failure: &Failure, committing: bool) -> CommitError {
        if self.reopen().is_err() {
            return if committing {
                CommitError::OutcomeUnknown
            } else {
                CommitError::Unavailable
            };
        }
        match self.snapshot_of_database() {
            Ok(found) if found.generation() == expect && failure.is_full() => CommitError::Full,
            Ok(found) if found.generation() == expect => CommitError::Unavailable,
            Ok(_) | Err(_) => CommitError::OutcomeUnknown,
        }
    }

    fn has_room(&self, batch: &Batch, purpose: Purpose) -> bool {
        let Some(room) = &self.room else { return true };
        let Ok(disk) = rustix::fs::statvfs(&room.directory) else {
            return true;
        };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        // Copy on write: new pages for what changes, and for the paths to them.
        let needed = u64::try_from(batch.bytes().saturating_mul(4)).unwrap_or(u64::MAX);
        let others = match purpose {
            Purpose::Govern | Purpose::Tidy => 0,
            Purpose::Grow => self.aside.load(Relaxed),
        };
        let reserve = room.options.kept_free(purpose).saturating_add(others);
        free >= reserve.saturating_add(needed)
    }
}

impl Store for RedbStore {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        match self.snapshot_of_database() {
            Ok(snapshot) => Ok(Arc::new(snapshot)),
            Err(failure) => {
                // A handle that met an I/O error stays unusable; a new one may work.
                let again = self.reopen().and_then(|()| self.snapshot_of_database());
                again
                    .map(|snapshot| Arc::new(snapshot) as Arc<dyn Snapshot>)
                    .map_err(|_| failure.into())
            }
        }
    }

    fn set_aside(&self, bytes: u64) {
        self.aside.store(bytes, Relaxed);
    }

    fn commit(&self, expect: Gen, batch: &Batch, purpose: Purpose) -> Result<Gen, CommitError> {
        if !self.has_room(batch, purpose) {
            return Err(CommitError::Full);
        }
        let generation = expect.next();
        let mut committing = false;
        let outcome = self.with(|opened| {
            let transaction = header::begin(&opened.database)?;
            if header::advance(&transaction, expect, generation)? {
                write(&transaction, batch)?;
                committing = true;
                transaction.commit()?;
                Ok(true)
            } else {
                transaction.abort()?;
                Ok(false)
            }
        });
        match outcome {
            Ok(true) => Ok(generation),
            Ok(false) => Err(CommitError::Conflict),
            Err(failure) => Err(self.after_failure(expect, &failure, committing)),
        }
    }

    fn limits(&self) -> Limits {
        Limits::default()
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
}

fn write(transaction: &redb::WriteTransaction, batch: &Batch) -> Result<(), Failure> {
    let mut records = transaction.open_table(RECORDS)?;
    for (key, value) in batch.iter() {
        match value {
            Some(value) => records.insert(key.as_bytes(), value.as_bytes())?,
            None => records.remove(key.as_bytes())?,
        };
    }
    Ok(())
}
