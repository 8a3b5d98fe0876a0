//! A store on a disk that fills up or fails, and goes on by itself when the disk does.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
};

use redb::StorageBackend;
use strongroom_engine::{
    WriteError,
    store::{Batch, CommitError, Gen, Key, Purpose, RedbOptions, RedbStore, Store, Value},
};
use strongroom_testing::Directory;

use crate::running::Running;

/// A disk in memory with an end, and a switch that breaks it.
#[derive(Debug, Clone)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    room: Arc<AtomicU64>,
    broken: Arc<AtomicBool>,
}

impl Disk {
    fn new() -> Self {
        Self {
            bytes: Arc::default(),
            room: Arc::new(AtomicU64::new(u64::MAX)),
            broken: Arc::default(),
        }
    }

    fn check(&self, end: u64) -> io::Result<()> {
        if self.broken.load(SeqCst) {
            return Err(io::Error::other("the disk is broken"));
        }
        if end > self.room.load(SeqCst) {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    fn store(&self) -> Arc<RedbStore> {
        let disk = self.clone();
        // No cache to speak of, so that reads meet the disk too.
        let options = RedbOptions {
            cache_bytes: 0,
            ..RedbOptions::default()
        };
        Arc::new(RedbStore::open_with_backend(move || Ok(disk.clone()), options).unwrap())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.check(0)?;
        let bytes = self.bytes.lock().unwrap();
        let start = usize::try_from(offset).unwrap();
        let found = bytes
            .get(start..start + out.len())
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check(len)?;
        self.bytes
            .lock()
            .unwrap()
            .resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.check(0)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check(0)?;
        let mut bytes = self.bytes.lock().unwrap();
        let start = usize::try_from(offset).unwrap();
        bytes[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }
}

fn put(index: u32) -> Batch {
    let mut batch = Batch::default();
    batch.put(Key::new(index.to_be_bytes()), Value::new(vec![7; 200_000]));
    batch
}

#[test]
fn a_full_disk_refuses_changes_keeps_what_was_there_and_goes_on_when_there_is_room() {
    let disk = Disk::new();
    let store = disk.store();
    store.commit(Gen(0), &put(0), Purpose::Grow).unwrap();
    disk.room.store(disk.bytes.lock().unwrap().len() as u64, SeqCst);
    let mut generation = Gen(1);
    let refused = (1..100).find_map(
        |index| match store.commit(generation, &put(index), Purpose::Grow) {
            Ok(next) => {
                generation = next;
                None
            }
            Err(error) => Some((index, error)),
        },
    );
    let (index, error) = refused.unwrap();
    assert_eq!(error, CommitError::Full);
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.generation(), generation);
    assert!(snapshot.get(&Key::new(0_u32.to_be_bytes())).unwrap().is_some());
    assert!(snapshot.get(&Key::new(index.to_be_bytes())).unwrap().is_none());
    assert_eq!(
        store.commit(generation, &put(index), Purpose::Grow),
        Err(CommitError::Full)
    );
    disk.room.store(u64::MAX, SeqCst);
    assert_eq!(
        store.commit(generation, &put(index), Purpose::Grow),
        Ok(generation.next())
    );
}

#[test]
fn a_broken_disk_is_an_error_and_a_mended_one_is_used_again() {
    let disk = Disk::new();
    let store = disk.store();
    store.commit(Gen(0), &put(0), Purpose::Grow).unwrap();
    disk.broken.store(true, SeqCst);
    let error = store.commit(Gen(1), &put(1), Purpose::Grow).unwrap_err();
    assert!(
        matches!(error, CommitError::Unavailable | CommitError::OutcomeUnknown),
        "{error}"
    );
    assert!(store.snapshot().is_err());
    disk.broken.store(false, SeqCst);
    let generation = store.snapshot().unwrap().generation();
    store.commit(generation, &put(1), Purpose::Grow).unwrap();
}

#[test]
fn a_vault_on_a_full_disk_says_so_answers_reads_and_recovers() {
    let disk = Disk::new();
    let running = Running::over(disk.store());
    running.set("db", "one").unwrap();
    disk.room.store(disk.bytes.lock().unwrap().len() as u64, SeqCst);
    let filler = "x".repeat(25_000);
    let refused = (0..500).find_map(|index| running.set(&format!("s{index}"), &filler).err());
    assert_eq!(refused, Some(WriteError::StoreFull));
    assert_eq!(running.vault.unwritable(), Some(WriteError::StoreFull));
    assert_eq!(running.value("db").as_deref(), Some("one"));
    disk.room.store(u64::MAX, SeqCst);
    running.set("db", "two").unwrap();
    assert_eq!(running.value("db").as_deref(), Some("two"));
    running.vault.scrub().unwrap();
}

#[test]
fn a_vault_whose_disk_broke_and_came_back_works_again() {
    let disk = Disk::new();
    let running = Running::over(disk.store());
    running.set("db", "one").unwrap();
    disk.broken.store(true, SeqCst);
    assert!(running.set("db", "two").is_err());
    disk.broken.store(false, SeqCst);
    running.set("db", "three").unwrap();
    assert_eq!(running.value("db").as_deref(), Some("three"));
}

#[test]
fn a_store_that_took_no_change_says_so_until_a_sweep_finds_that_it_does_again() {
    let disk = Disk::new();
    let running = Running::over(disk.store());
    assert_eq!(running.vault.unwritable(), None);
    disk.broken.store(true, SeqCst);
    assert!(running.set("db", "one").is_err());
    running.vault.sweep(running.now).unwrap();
    assert_eq!(running.vault.unwritable(), Some(WriteError::Unavailable));
    disk.broken.store(false, SeqCst);
    running.sweep();
    assert_eq!(running.vault.unwritable(), None);
}

#[test]
fn less_free_space_than_the_reserve_is_full_before_the_disk_is() {
    let directory = Directory::new();
    let options = RedbOptions {
        reserve_bytes: u64::MAX / 2,
        ..RedbOptions::default()
    };
    let store = RedbStore::open(&directory.path().join("store.redb"), options).unwrap();
    assert_eq!(
        store.commit(Gen(0), &put(0), Purpose::Grow),
        Err(CommitError::Full)
    );
    assert_eq!(store.snapshot().unwrap().generation(), Gen(0));
}

/// The store of a disk that has a third of what its reserve asks for what grows.
#[test]
fn what_adds_values_is_refused_first_then_what_tidies_and_policy_last() {
    let directory = Directory::new();
    let path = directory.path().join("store.redb");
    let disk = rustix::fs::statvfs(directory.path()).unwrap();
    let free = disk.f_bavail * disk.f_frsize;
    let taken = |reserve_bytes: u64, purpose: Purpose| {
        let options = RedbOptions {
            reserve_bytes,
            ..RedbOptions::default()
        };
        let store = RedbStore::open(&path, options).unwrap();
        let generation = store.snapshot().unwrap().generation();
        store.commit(generation, &put(0), purpose).is_ok()
    };
    let purposes = [Purpose::Govern, Purpose::Tidy, Purpose::Grow];
    let by_reserve = [free / 8, free / 3, free / 3 * 2, free * 2];
    let taken = by_reserve.map(|reserve| purposes.map(|purpose| taken(reserve, purpose)));
    let expected = [
        [true, true, true],
        [true, true, false],
        [true, false, false],
        [false, false, false],
    ];
    assert_eq!(taken, expected);
}

#[test]
fn what_is_set_aside_for_the_audit_log_is_left_free_by_what_adds_values() {
    let directory = Directory::new();
    let store = RedbStore::open(&directory.path().join("store.redb"), RedbOptions::default()).unwrap();
    store.set_aside(u64::MAX / 2);
    assert_eq!(
        store.commit(Gen(0), &put(0), Purpose::Grow),
        Err(CommitError::Full)
    );
    assert_eq!(store.commit(Gen(0), &put(0), Purpose::Tidy), Ok(Gen(1)));
    store.set_aside(0);
    assert_eq!(store.commit(Gen(1), &put(1), Purpose::Grow), Ok(Gen(2)));
}

#[test]
fn reads_work_again_after_a_disk_came_back_without_any_write() {
    let disk = Disk::new();
    let running = Running::over(disk.store());
    for index in 0..50 {
        running.set(&format!("s{index}"), &"x".repeat(20_000)).unwrap();
    }
    disk.broken.store(true, SeqCst);
    let failed = (0..50).any(|index| running.value(&format!("s{index}")).is_none());
    disk.broken.store(false, SeqCst);
    assert!(failed);
    let back = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        (0..50).all(|index| running.value(&format!("s{index}")).is_some())
    });
    assert!(back);
}
