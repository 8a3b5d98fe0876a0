//! The writer: batches, audit records, failures of the store and of the log.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
};

use strongroom_audit::{Log, LogConfig, verify};
use strongroom_core::{NamedObject, ObjectKind};
use strongroom_engine::{
    Answer, Initialise, Keyring, ObjectError, QueueFull, SoftDelete, Unsealed, VaultOptions, WriteError,
    WriteRequest,
    crypt::{keyring::slots, state},
    format::{key, state::Marks},
    objects::closing::{Base, Reached, close},
    store::{Batch, CommitError, Gen, Key, Limits, MemoryStore, Purpose, Snapshot, Store, StoreError},
};
use strongroom_testing::Directory;

use crate::{
    fixture::{DAY, name, set_request},
    running::{Running, audit_dir, entry, options, seal_key},
};

/// A memory store that fails as it is set to and counts commits.
#[derive(Default)]
struct Faulty {
    inner: MemoryStore,
    fail: Mutex<Option<CommitError>>,
    /// What is refused as full, and what goes beyond it.
    full_for: Mutex<Option<Purpose>>,
    commits: AtomicUsize,
    /// Commits made behind the writer's back before the next one, by another that has the vault's keys.
    intrusions: AtomicUsize,
    keyring: Mutex<Option<Keyring>>,
}

impl Faulty {
    fn intrude(&self) {
        let keyring = self.keyring.lock().unwrap();
        let keyring = keyring.as_ref().unwrap();
        let snapshot = self.inner.snapshot().unwrap();
        let base = Base {
            snapshot: &*snapshot,
            state: &state::open(keyring, &*snapshot).unwrap(),
            keyring,
            soft_delete: SoftDelete::default(),
        };
        let mut batch = Batch::default();
        close(base, Reached::of(base.state), Marks::default(), &mut batch).unwrap();
        self.inner
            .commit(snapshot.generation(), &batch, Purpose::Grow)
            .unwrap();
    }
}

impl Store for Faulty {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.inner.snapshot()
    }

    fn commit(&self, expect: Gen, batch: &Batch, purpose: Purpose) -> Result<Gen, CommitError> {
        if let Some(error) = self.fail.lock().unwrap().clone() {
            return Err(error);
        }
        if self.full_for.lock().unwrap().is_some_and(|full| full <= purpose) {
            return Err(CommitError::Full);
        }
        if self.intrusions.load(Ordering::SeqCst) > 0 {
            self.intrusions.fetch_sub(1, Ordering::SeqCst);
            self.intrude();
        }
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.inner.commit(expect, batch, purpose)
    }

    fn limits(&self) -> Limits {
        self.inner.limits()
    }
}

#[test]
fn a_write_is_read_back_and_audited() {
    let running = Running::new();
    running.set("db", "one").unwrap();
    assert_eq!(running.value("db").as_deref(), Some("one"));
    let lines = running.audited();
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("RollbackAccepted"))
            .count(),
        1
    );
}

#[test]
fn a_refused_write_changes_nothing_and_is_audited() {
    let running = Running::new();
    let before = running.vault.anchor();
    let refused = running.write(WriteRequest::Delete { name: name("none") });
    assert!(matches!(
        refused,
        Err(WriteError::Object(ObjectError::NotFound { .. }))
    ));
    assert_eq!(running.vault.anchor(), before);
    assert!(
        running
            .audited()
            .iter()
            .any(|line| line.contains("RollbackAccepted"))
    );
}

#[test]
fn writes_that_wait_together_are_committed_together_and_see_each_other() {
    let store = Arc::new(Faulty::default());
    let running = Running::over(Arc::clone(&store) as Arc<dyn Store>);
    let (started, start) = mpsc::channel::<()>();
    let start = Mutex::new(start);
    // The first write holds the writer until the others wait.
    let hold = Box::new(move |_: &Result<_, _>| {
        start.lock().unwrap().recv().unwrap();
        entry(0)
    });
    running
        .vault
        .submit(set_request("first", "v"), running.now, hold, Box::new(|_| {}))
        .unwrap();
    let before = store.commits.load(Ordering::SeqCst);
    let (done, answers) = mpsc::channel();
    for index in 0..50 {
        let request = match index % 3 {
            0 => set_request("db", &index.to_string()),
            1 => WriteRequest::Delete { name: name("db") },
            _ => WriteRequest::Purge { name: name("db") },
        };
        let done = done.clone();
        let done = Box::new(move |result: Result<Answer, WriteError>| done.send(result.is_ok()).unwrap());
        running
            .vault
            .submit(request, running.now, Box::new(|_: &Result<_, _>| entry(1)), done)
            .unwrap();
    }
    started.send(()).unwrap();
    let answers: Vec<bool> = answers.iter().take(50).collect();
    assert!(
        answers.iter().all(|ok| *ok),
        "each sees what the ones before it did"
    );
    assert!(store.commits.load(Ordering::SeqCst) - before <= 2);
    assert_eq!(
        running
            .audited()
            .iter()
            .filter(|line| line.contains("RollbackAccepted"))
            .count(),
        51
    );
}

#[test]
fn a_full_queue_is_an_error_of_its_own() {
    let directory = Directory::new();
    let options = VaultOptions {
        queue: 1,
        ..options(directory.path(), Initialise::Allowed)
    };
    let unsealed = Unsealed::open(
        options,
        Arc::new(MemoryStore::default()),
        &*seal_key(directory.path(), 1, ""),
    )
    .unwrap();
    let id = unsealed.vault_id().to_string();
    let log = Log::open(LogConfig::new(audit_dir(directory.path()), &id, "r"), None).unwrap();
    let vault = unsealed.start(Arc::new(log)).unwrap();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let hold = Box::new(move |_: &Result<_, _>| {
        released.lock().unwrap().recv().ok();
        entry(0)
    });
    let now = strongroom_core::Timestamp::from_unix(1);
    vault
        .submit(set_request("a", "v"), now, hold, Box::new(|_| {}))
        .unwrap();
    let answered = Arc::new(AtomicUsize::new(0));
    let refused = (0..3)
        .map(|_| {
            let answered = Arc::clone(&answered);
            let done = Box::new(move |_| {
                answered.fetch_add(1, Ordering::SeqCst);
            });
            vault.submit(
                set_request("b", "v"),
                now,
                Box::new(|_: &Result<_, _>| entry(0)),
                done,
            )
        })
        .filter(|result| *result == Err(QueueFull))
        .count();
    assert!(refused >= 1);
    release.send(()).unwrap();
    drop(vault);
    assert_eq!(
        answered.load(Ordering::SeqCst),
        3 - refused,
        "what was accepted is answered, the rest is not"
    );
}

#[test]
fn each_failure_of_a_commit_is_the_error_of_its_write() {
    let store = Arc::new(Faulty::default());
    let running = Running::over(Arc::clone(&store) as Arc<dyn Store>);
    let errors = [
        (CommitError::Full, WriteError::StoreFull),
        (CommitError::Unavailable, WriteError::Unavailable),
        (CommitError::OutcomeUnknown, WriteError::OutcomeUnknown),
        (CommitError::Conflict, WriteError::Unavailable),
    ];
    for (failure, expected) in errors {
        *store.fail.lock().unwrap() = Some(failure);
        assert_eq!(running.set("db", "v").unwrap_err(), expected);
        assert_eq!(running.value("db"), None);
        *store.fail.lock().unwrap() = None;
    }
    running.set("db", "v").unwrap();
    assert_eq!(running.value("db").as_deref(), Some("v"));
}

/// Changes of one batch: those that the disk has no room for do not take the others with them.
#[test]
fn a_full_disk_refuses_new_values_and_takes_deletes_and_policy() {
    let store = Arc::new(Faulty::default());
    let running = Running::over(Arc::clone(&store) as Arc<dyn Store>);
    for text in ["a", "b"] {
        running.set(text, "v").unwrap();
    }
    *store.full_for.lock().unwrap() = Some(Purpose::Grow);
    // The writer is held back by a first answer, so that what follows is one batch.
    let (release, held) = mpsc::channel::<()>();
    let (done, answers) = mpsc::channel();
    let submit = |request: WriteRequest, first: Option<mpsc::Receiver<()>>| {
        let done = done.clone();
        let what = format!("{request:?}");
        let audit = Box::new(|_: &Result<_, _>| entry(0));
        let answer = move |result: Result<Answer, WriteError>| {
            if let Some(held) = first {
                held.recv().unwrap();
            }
            done.send((what, result.map(drop))).unwrap();
        };
        running
            .vault
            .submit(request, running.now, audit, Box::new(answer))
            .unwrap();
    };
    let delete = |text| WriteRequest::Delete { name: name(text) };
    submit(set_request("missing", "v"), Some(held));
    submit(set_request("c", "v"), None);
    submit(delete("a"), None);
    submit(set_request("d", "v"), None);
    submit(delete("b"), None);
    release.send(()).unwrap();
    let answers: Vec<_> = (0..5).map(|_| answers.recv().unwrap()).collect();
    for (what, result) in answers {
        let expected = if what.contains("Delete") {
            Ok(())
        } else {
            Err(WriteError::StoreFull)
        };
        assert_eq!(result, expected, "{what}");
    }
    running.vault.meta_put("policy", Some(b"less".to_vec())).unwrap();
    assert_eq!(running.vault.unwritable(), Some(WriteError::StoreFull));
    *store.full_for.lock().unwrap() = None;
    running.sweep();
    assert_eq!(running.vault.unwritable(), None);
}

#[test]
fn after_a_conflict_a_write_is_decided_again_on_the_new_state() {
    let store = Arc::new(Faulty::default());
    let running = Running::over(Arc::clone(&store) as Arc<dyn Store>);
    let directory = running.directory.path();
    let file = std::fs::read(directory.join("keyring")).unwrap();
    let opened = slots::open(&*seal_key(directory, 1, ""), &file).unwrap();
    *store.keyring.lock().unwrap() = Some(opened.keyring);
    store.intrusions.store(2, Ordering::SeqCst);
    running.set("db", "v").unwrap();
    assert_eq!(running.value("db").as_deref(), Some("v"));
}

#[test]
fn without_an_audit_log_nothing_is_written_until_it_is_back() {
    let running = Running::new();
    running.set("db", "one").unwrap();
    let audit = audit_dir(running.directory.path());
    let away = running.directory.path().join("away");
    std::fs::rename(&audit, &away).unwrap();
    std::fs::write(&audit, b"no directory").unwrap();
    let mut refused = 0;
    // The log notices within a quarter of a second; until then the record still reaches the file that was moved.
    for _ in 0..200 {
        match running.set("db", "two") {
            Err(WriteError::AuditUnavailable) => refused += 1,
            other => assert!(other.is_ok(), "{other:?}"),
        }
        if refused > 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(refused > 0);
    let value = running.value("db");
    assert_eq!(
        running.set("db", "three").unwrap_err(),
        WriteError::AuditUnavailable
    );
    assert_eq!(running.value("db"), value);
    std::fs::remove_file(&audit).unwrap();
    std::fs::rename(&away, &audit).unwrap();
    let back = (0..300).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        running.set("db", "four").is_ok()
    });
    assert!(back);
}

#[test]
fn listeners_hear_of_every_changed_name_once_it_is_readable() {
    let running = Running::new();
    let (heard, notices) = mpsc::channel();
    let heard = Mutex::new(heard);
    running.vault.on_change(Box::new(move |notice| {
        heard.lock().unwrap().send(notice.clone()).unwrap();
    }));
    running.set("db", "one").unwrap();
    let set = notices.recv().unwrap();
    assert_eq!(set.objects, [object("db")]);
    assert_eq!(running.vault.snapshot().generation(), set.generation);
    running.write(WriteRequest::Delete { name: name("db") }).unwrap();
    let deleted = notices.recv().unwrap();
    assert_eq!(deleted.objects, [object("db")]);
    assert!(deleted.generation > set.generation);
}

#[test]
fn after_an_unknown_outcome_listeners_hear_of_the_names_all_the_same() {
    let store = Arc::new(Faulty::default());
    let running = Running::over(Arc::clone(&store) as Arc<dyn Store>);
    let (heard, notices) = mpsc::channel();
    let heard = Mutex::new(heard);
    running.vault.on_change(Box::new(move |notice| {
        heard.lock().unwrap().send(notice.clone()).unwrap();
    }));
    *store.fail.lock().unwrap() = Some(CommitError::OutcomeUnknown);
    assert_eq!(running.set("db", "v").unwrap_err(), WriteError::OutcomeUnknown);
    assert_eq!(notices.recv().unwrap().objects, [object("db")]);
}

#[test]
fn a_panicking_audit_record_leaves_the_outcome_unknown_and_the_writer_alive() {
    let running = Running::new();
    let (done, answer) = mpsc::channel();
    let done = Box::new(move |result| done.send(result).unwrap());
    let audit = Box::new(|_: &Result<_, _>| panic!("on purpose"));
    running
        .vault
        .submit(set_request("db", "v"), running.now, audit, done)
        .unwrap();
    assert_eq!(answer.recv().unwrap().unwrap_err(), WriteError::OutcomeUnknown);
    running.set("db", "v").unwrap();
}

#[test]
fn a_sweep_purges_what_was_deleted_long_enough_ago_and_says_so_in_the_audit_log() {
    let mut running = Running::new();
    for index in 0..5 {
        running.set("db", &index.to_string()).unwrap();
    }
    running.write(WriteRequest::Delete { name: name("db") }).unwrap();
    running.sweep();
    assert_eq!(running.vault.objects(), 1);
    running.now = strongroom_core::Timestamp::from_unix(running.now.unix() + 90 * DAY);
    running.sweep();
    running.sweep();
    assert_eq!(running.vault.objects(), 0);
    let snapshot = running.vault.snapshot();
    for prefix in [key::all_versions(), key::all_garbage(), key::all_schedule()] {
        assert_eq!(snapshot.scan(&prefix, None, 10).unwrap().records, []);
    }
    assert!(
        running
            .audited()
            .iter()
            .any(|line| line.contains("ScheduledPurge") && line.contains("db"))
    );
    running.vault.scrub().unwrap();
}

#[test]
fn the_chain_of_all_records_is_intact_after_restarts() {
    let mut running = Running::new();
    for round in 0..3 {
        for index in 0..10 {
            running.set(&format!("s{index}"), &round.to_string()).unwrap();
        }
        running = running.restart();
    }
    let audited = running
        .audited()
        .iter()
        .filter(|line| line.contains("RollbackAccepted"))
        .count();
    assert_eq!(audited, 30);
    running.log.sync().unwrap();
    let report = verify(&audit_dir(running.directory.path()), None).unwrap();
    assert!(report.to_string().contains("INTACT"), "{report}");
}

#[test]
fn a_write_and_its_audit_record_add_few_records_whatever_the_number_of_versions() {
    let running = Running::new();
    for index in 0..200 {
        running.set("db", &index.to_string()).unwrap();
    }
    for request in [
        WriteRequest::Delete { name: name("db") },
        WriteRequest::Purge { name: name("db") },
    ] {
        let before = records(&*running.vault.snapshot());
        running.write(request).unwrap();
        let after = records(&*running.vault.snapshot());
        let changed = before.symmetric_difference(&after);
        let changed: BTreeSet<_> = changed.map(|(key, _)| key).collect();
        assert!(changed.len() <= 6, "{changed:?}");
    }
}

/// Everything in the store but the audit records on their way.
fn records(snapshot: &dyn Snapshot) -> BTreeSet<(Key, Vec<u8>)> {
    let found = snapshot.scan(&Key::new([]), None, usize::MAX).unwrap();
    let own = found
        .records
        .into_iter()
        .filter(|(key, _)| !key.as_bytes().starts_with(b"o"));
    own.map(|(key, value)| (key, value.as_bytes().to_vec())).collect()
}

/// The object of this name, as a change announces it.
fn object(text: &str) -> NamedObject {
    NamedObject {
        kind: ObjectKind::Secrets,
        name: name(text),
        version: None,
    }
}
