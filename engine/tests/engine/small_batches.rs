//! A store that takes 120 records in one commit: every operation keeps to that.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use strongroom_core::Timestamp;
use strongroom_engine::{
    Answer, BackupBlob, BoundedBackup, Initialise, Secret, WriteError, WriteRequest,
    format::key,
    store::{Batch, CommitError, Gen, Key, Limits, MemoryStore, Purpose, Snapshot, Store, StoreError},
};

use crate::{
    fixture::{DAY, name, secret},
    running::Running,
};

/// How many records one commit takes.
const OPS: usize = 120;

/// The versions of the object that is restored: its records are many times those of one commit.
const VERSIONS: usize = 300;

struct Small {
    inner: MemoryStore,
    /// Commits that are still taken.
    left: AtomicUsize,
}

impl Default for Small {
    fn default() -> Self {
        Self {
            inner: MemoryStore::default(),
            left: AtomicUsize::new(usize::MAX),
        }
    }
}

impl Store for Small {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.inner.snapshot()
    }

    fn commit(&self, expect: Gen, batch: &Batch, purpose: Purpose) -> Result<Gen, CommitError> {
        assert!(batch.len() <= OPS, "{} records in one commit", batch.len());
        let left = self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| CommitError::Unavailable)?;
        self.inner.commit(expect, batch, purpose)
    }

    fn limits(&self) -> Limits {
        Limits {
            ops: OPS,
            ..Limits::default()
        }
    }
}

fn running(store: &Arc<Small>) -> Running {
    Running::over(Arc::clone(store) as Arc<dyn Store>)
}

/// The backup of an object of many versions, which is purged then.
fn backed_up(running: &mut Running) -> BackupBlob {
    for version in 0..VERSIONS {
        running.set("db", &version.to_string()).unwrap();
    }
    let BoundedBackup::Made(blob) = running
        .vault
        .backup_within::<Secret>(&name("db"), usize::MAX)
        .unwrap()
    else {
        panic!("there is room");
    };
    for request in [
        WriteRequest::Delete { name: name("db") },
        WriteRequest::Purge { name: name("db") },
    ] {
        running.write(request).unwrap();
    }
    let count = |running: &Running| all(running, &key::all_versions());
    while count(running) > 0 {
        running.sweep();
    }
    blob
}

fn all(running: &Running, prefix: &Key) -> usize {
    let page = running.store.snapshot().unwrap().scan(prefix, None, usize::MAX);
    page.unwrap().records.len()
}

fn restore(running: &Running, blob: &BackupBlob) -> Result<Answer, WriteError> {
    running.write(WriteRequest::Restore { blob: blob.clone() })
}

#[test]
fn an_object_of_many_versions_is_purged_and_restored_in_small_commits() {
    let store = Arc::new(Small::default());
    let mut running = running(&store);
    let blob = backed_up(&mut running);
    let restored = secret(restore(&running, &blob).unwrap());
    assert_eq!(restored.name.as_str(), "db");
    assert_eq!(running.value("db"), Some((VERSIONS - 1).to_string()));
    assert_eq!(all(&running, &key::all_versions()), VERSIONS);
    assert_eq!(all(&running, &key::all_garbage()), 0);
    assert_eq!(running.vault.scrub().unwrap().versions, VERSIONS as u64);
}

#[test]
fn a_restore_that_stops_after_any_commit_is_not_seen_and_goes_away() {
    let store = Arc::new(Small::default());
    let mut running = running(&store);
    let blob = backed_up(&mut running);
    let mut stopped = 0;
    for commits in 0.. {
        store.left.store(commits, SeqCst);
        let restored = restore(&running, &blob);
        store.left.store(usize::MAX, SeqCst);
        if restored.is_ok() {
            break;
        }
        stopped += 1;
        assert_eq!(running.value("db"), None);
        // The process ends there, and another begins.
        let (directory, same) = running.stop();
        running = Running::start(directory, same, Initialise::Refused).unwrap();
        running.vault.scrub().unwrap();
        while all(&running, &key::all_garbage()) > 0 {
            running.sweep();
        }
        assert_eq!(all(&running, &key::all_versions()), 0);
    }
    assert!(stopped > 4, "{stopped}");
    running.vault.scrub().unwrap();
}

#[test]
fn many_purges_and_the_erasure_of_their_keys_keep_to_small_commits() {
    let store = Arc::new(Small::default());
    let mut running = running(&store);
    for index in 0..400 {
        running.set(&format!("s{index}"), "v").unwrap();
    }
    for index in 0..200 {
        let name = name(&format!("s{index}"));
        running.write(WriteRequest::Delete { name }).unwrap();
    }
    running.now = Timestamp::from_unix(running.now.unix() + 100 * DAY);
    let is_left = |running: &Running| {
        running.vault.objects() > 200 || running.vault.erasure_pending().unwrap().is_some()
    };
    while is_left(&running) {
        running.sweep();
        running.now = Timestamp::from_unix(running.now.unix() + 3_600);
    }
    assert_eq!(running.vault.scrub().unwrap().heads, 200);
}
