//! What happens to deleted objects is the vault's for life, whatever a later start says.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use strongroom_engine::{
    Initialise, ObjectError, ReadRequest, SoftDelete, WriteError, WriteRequest, every_name,
    store::{Batch, CommitError, Gen, Limits, MemoryStore, Purpose, Snapshot, Store, StoreError},
};
use strongroom_testing::Directory;

use crate::{
    fixture::{DAY, name, secret},
    running::{Running, options},
};

fn rules(days: u8, is_protected: bool) -> SoftDelete {
    SoftDelete::new(days, is_protected).unwrap()
}

fn start(directory: Directory, store: Arc<dyn Store>, told: SoftDelete) -> Running {
    let mut options = options(directory.path(), Initialise::Allowed);
    options.rules.soft_delete = told;
    Running::start_with(directory, store, options).unwrap()
}

/// Ends the vault, and starts it again with these rules.
fn again(running: Running, told: SoftDelete) -> Running {
    let (directory, store) = running.stop();
    start(directory, store, told)
}

fn first(told: SoftDelete) -> Running {
    start(Directory::new(), Arc::new(MemoryStore::default()), told)
}

/// Sets and deletes `db`. Returns for how many days it is kept, and what a purge meets.
fn purged(running: &Running) -> (u64, Result<(), WriteError>) {
    running.set("db", "value").unwrap();
    running.write(WriteRequest::Delete { name: name("db") }).unwrap();
    let deleted = ReadRequest::GetDeleted { name: name("db") };
    let found = secret(running.vault.read(&deleted, running.now, &every_name).unwrap());
    let until = found.deleted.unwrap().scheduled_purge_date;
    let days = (until.unix() - running.now.unix()) / DAY;
    let purge = running.write(WriteRequest::Purge { name: name("db") });
    (days, purge.map(drop))
}

fn is_protected(purge: &Result<(), WriteError>) -> bool {
    matches!(purge, Err(WriteError::Object(ObjectError::PurgeProtected { .. })))
}

#[test]
fn a_later_start_that_says_less_changes_nothing() {
    let mut running = first(rules(30, true));
    assert_eq!(running.vault.soft_delete(), Some(rules(30, true)));
    for told in [rules(90, false), rules(7, false), rules(30, false)] {
        running = again(running, told);
        assert_eq!(running.vault.soft_delete(), Some(rules(30, true)), "{told:?}");
    }
    let (days, purge) = purged(&running);
    assert_eq!(days, 30);
    assert!(is_protected(&purge), "{purge:?}");
}

#[test]
fn purge_protection_is_taken_on_by_a_later_start_and_kept() {
    let running = first(rules(90, false));
    let running = again(running, rules(90, true));
    // Nobody wrote anything in between.
    let running = again(running, rules(90, false));
    assert_eq!(running.vault.soft_delete(), Some(rules(90, true)));
    let (_, purge) = purged(&running);
    assert!(is_protected(&purge), "{purge:?}");
}

/// A store that takes no commit for now.
struct Stubborn {
    inner: MemoryStore,
    is_open: AtomicBool,
}

impl Store for Stubborn {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.inner.snapshot()
    }

    fn commit(&self, expect: Gen, batch: &Batch, purpose: Purpose) -> Result<Gen, CommitError> {
        if self.is_open.load(Ordering::SeqCst) {
            self.inner.commit(expect, batch, purpose)
        } else {
            Err(CommitError::Full)
        }
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }
}

#[test]
fn what_a_full_store_could_not_keep_holds_at_once_and_is_kept_when_it_has_room() {
    let store = Arc::new(Stubborn {
        inner: MemoryStore::default(),
        is_open: AtomicBool::new(true),
    });
    let running = start(Directory::new(), Arc::clone(&store) as _, rules(90, false));
    running.set("db", "value").unwrap();
    running.write(WriteRequest::Delete { name: name("db") }).unwrap();
    store.is_open.store(false, Ordering::SeqCst);
    let running = again(running, rules(90, true));
    running.sweep_unsure();
    assert_eq!(running.vault.soft_delete(), Some(rules(90, false)), "not yet");
    let purge = running.write(WriteRequest::Purge { name: name("db") });
    assert!(is_protected(&purge.map(drop)));
    store.is_open.store(true, Ordering::SeqCst);
    running.sweep();
    assert_eq!(running.vault.soft_delete(), Some(rules(90, true)));
}
