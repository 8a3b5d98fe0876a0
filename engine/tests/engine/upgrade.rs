//! Stores of older programs: their records get a proof once, and none is taken without one again.

use std::{path::Path, sync::Arc};

use strongroom_engine::{
    Descent, Initialise, OpenError, ReadRequest, SoftDelete, Unsealed,
    crypt::keyring::slots,
    every_name,
    format::{
        codec::Encoder,
        id::{ObjectId, Sequence},
        key,
    },
    objects::UpgradeError,
    store::{Batch, CommitError, Gen, Key, Limits, MemoryStore, Purpose, Snapshot, Store, StoreError, Value},
};
use strongroom_testing::Directory;

use crate::{
    fixture::{keyring, name},
    room::counted,
    running::{Running, options, seal_key},
};

const FORMATS: [&str; 2] = [
    include_str!("golden/format-1.txt"),
    include_str!("golden/format-2.txt"),
];

/// The vault of the golden stores, and its keys.
const SEED: u8 = 1;

/// The store of a program whose records have their proof, and whose state counts no bytes.
const UNCOUNTED: &str = include_str!("golden/format-3.txt");

/// The store of the program before this one, which made no events.
const WITHOUT_EVENTS: &str = include_str!("golden/format-6.txt");

/// The store of the program before that: its heads note nothing of their objects.
const WITHOUT_OBJECTS: &str = include_str!("golden/format-5.txt");

/// The store of an earlier one: its state does not say what happens to deleted objects.
const UNRULED: &str = include_str!("golden/format-4.txt");

pub fn records(text: &str) -> impl Iterator<Item = (Key, Value)> {
    text.lines().map(|line| {
        let (key, value) = line.split_once(' ').unwrap();
        let [key, value] = [key, value].map(|text| hex::decode(text).unwrap());
        (Key::new(key), Value::new(value))
    })
}

/// A golden store as an older program left it, with records of the kinds that the golden ones lack.
fn golden(text: &str) -> MemoryStore {
    let records = records(text);
    let vault = keyring(SEED).vault();
    let mut garbage = Encoder::record(*b"SRgb", vault);
    garbage.bool(false);
    let mut meta = Encoder::record(*b"SRmt", vault);
    meta.bytes(b"a policy that anyone may have written");
    let more = [
        (key::garbage(ObjectId(Sequence(900))), garbage),
        (key::meta("policy/bundle"), meta),
    ];
    let more = more.map(|(key, record)| (key, Value::new(record.into_bytes())));
    MemoryStore::holding(Gen(40), records.chain(more))
}

/// The keyring's file as an older program wrote it: the keys under the seal itself.
pub fn older_keyring(directory: &Path) {
    let seal = seal_key(directory, 1, "");
    let mut file = Encoder::record(*b"SRkr", keyring(SEED).vault());
    file.text(seal.key_id());
    let mut body = Encoder::with_capacity(0);
    body.u32(1).u32(1).array(&[SEED; 32]);
    body.u32(1).u32(1).array(&[SEED ^ 0x55; 32]);
    body.array(&[SEED ^ 0xaa; 32]);
    let sealed = seal.wrap(file.as_bytes(), &[3; 32], body.as_bytes()).unwrap();
    file.bytes(&sealed);
    std::fs::write(directory.join("keyring"), file.into_bytes()).unwrap();
}

fn start(directory: Directory, store: Arc<dyn Store>) -> Result<Running, OpenError> {
    Running::start(directory, store, Initialise::Refused)
}

#[test]
fn a_store_of_an_older_program_opens_with_its_secrets_and_without_its_policy() {
    for text in FORMATS {
        let directory = Directory::new();
        older_keyring(directory.path());
        let store: Arc<dyn Store> = Arc::new(golden(text));
        let running = start(directory, store).unwrap();
        running.vault.scrub().unwrap();
        assert_eq!(running.value("db").as_deref(), Some("two"));
        let deleted = ReadRequest::GetDeleted { name: name("gone") };
        let now = running.now;
        let found = running
            .vault
            .read::<strongroom_engine::Secret>(&deleted, now, &every_name);
        assert!(found.is_ok());
        assert_eq!(running.vault.meta_get("policy/bundle").unwrap(), None);
        running.set("db", "three").unwrap();
        running.sweep();
        let (directory, store) = running.stop();
        let again = start(directory, store).unwrap();
        again.vault.scrub().unwrap();
        assert_eq!(again.value("db").as_deref(), Some("three"));
    }
}

#[test]
fn what_was_anchored_by_an_older_program_is_known_after_the_upgrade() {
    let directory = Directory::new();
    older_keyring(directory.path());
    let golden = golden(FORMATS[1]);
    let state = golden.snapshot().unwrap().get(&key::state()).unwrap().unwrap();
    let digest = hex::encode(&state.as_bytes()[state.as_bytes().len() - 32..]);
    let running = start(directory, Arc::new(golden)).unwrap();
    let Descent::Follows(known) = running.vault.descent(Gen(40)) else {
        panic!("the anchored state is not known");
    };
    assert_eq!(known.to_string(), digest);
    assert_eq!(running.vault.descent(Gen(39)), Descent::Superseded);
}

#[test]
fn the_bytes_of_a_store_without_a_count_are_counted_when_it_is_opened() {
    let directory = Directory::new();
    older_keyring(directory.path());
    let store = MemoryStore::holding(Gen(5), records(UNCOUNTED));
    let mut running = start(directory, Arc::new(store)).unwrap();
    for step in 0..3 {
        let bytes = running.vault.bytes();
        assert!(bytes > 1_000, "{bytes}");
        assert_eq!(bytes, counted(&*running.vault.snapshot()), "step {step}");
        running.vault.scrub().unwrap();
        if step == 0 {
            assert_eq!(running.vault.changed(), None, "it does not know");
            running.set("db", "three").unwrap();
        } else {
            let (directory, store) = running.stop();
            running = start(directory, store).unwrap();
        }
    }
    assert_eq!(running.value("db").as_deref(), Some("three"));
    assert_eq!(running.vault.changed(), Some(running.now));
}

#[test]
fn a_store_whose_heads_note_nothing_of_their_objects_opens_and_goes_on() {
    let directory = Directory::new();
    older_keyring(directory.path());
    let store = MemoryStore::holding(Gen(5), records(WITHOUT_OBJECTS));
    let running = start(directory, Arc::new(store)).unwrap();
    running.vault.scrub().unwrap();
    assert_eq!(running.value("db").as_deref(), Some("two"));
    running.set("db", "three").unwrap();
    let (directory, store) = running.stop();
    let again = start(directory, store).unwrap();
    again.vault.scrub().unwrap();
    assert_eq!(again.value("db").as_deref(), Some("three"));
    assert_eq!(again.vault.objects(), 2);
}

#[test]
fn a_store_without_events_opens_and_has_those_of_what_is_done_from_then_on() {
    let directory = Directory::new();
    older_keyring(directory.path());
    let store = MemoryStore::holding(Gen(5), records(WITHOUT_EVENTS));
    let running = start(directory, Arc::new(store)).unwrap();
    running.vault.scrub().unwrap();
    assert_eq!(running.value("db").as_deref(), Some("two"));
    assert_eq!(running.vault.events(None, 9).unwrap().unwrap().events, []);
    running.set("db", "three").unwrap();
    let (directory, store) = running.stop();
    let again = start(directory, store).unwrap();
    again.vault.scrub().unwrap();
    let events = again.vault.events(None, 9).unwrap().unwrap().events;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].id.number(), events[0].name.spelling()), (1, "Db"));
}

/// A program before this one left it to the command line what happens to deleted objects.
#[test]
fn a_store_of_an_older_program_keeps_the_rules_of_its_first_start_under_this_one() {
    let rules = |days, is_protected| SoftDelete::new(days, is_protected).unwrap();
    for text in [FORMATS[0], FORMATS[1], UNCOUNTED, UNRULED] {
        let directory = Directory::new();
        older_keyring(directory.path());
        let is_proved = text == UNCOUNTED || text == UNRULED;
        let store = if is_proved {
            MemoryStore::holding(Gen(5), records(text))
        } else {
            golden(text)
        };
        let mut store: Arc<dyn Store> = Arc::new(store);
        let mut directory = directory;
        for told in [rules(30, true), rules(90, false), rules(7, false)] {
            let mut options = options(directory.path(), Initialise::Refused);
            options.rules.soft_delete = told;
            let running = Running::start_with(directory, store, options).unwrap();
            running.vault.scrub().unwrap();
            (directory, store) = running.stop();
        }
        let running = start(directory, store).unwrap();
        assert_eq!(running.vault.soft_delete(), Some(rules(30, true)));
    }
}

/// Else the store could be put back to before its first start under this program, and be told something else.
#[test]
fn the_anchor_of_an_older_store_stands_for_the_rules_that_it_was_told() {
    let anchors = [false, true].map(|is_protected| {
        let directory = Directory::new();
        older_keyring(directory.path());
        let mut options = options(directory.path(), Initialise::Refused);
        options.rules.soft_delete = SoftDelete::new(90, is_protected).unwrap();
        let store = Arc::new(MemoryStore::holding(Gen(5), records(UNRULED)));
        let (directory, store) = Running::start_with(directory, store, options).unwrap().stop();
        start(directory, store).unwrap().vault.anchor()
    });
    assert_eq!(anchors[0].generation, anchors[1].generation);
    assert_ne!(anchors[0].digest, anchors[1].digest);
}

#[test]
fn records_without_a_proof_are_refused_once_the_keyring_says_that_they_have_one() {
    let directory = Directory::new();
    older_keyring(directory.path());
    let running = start(directory, Arc::new(golden(FORMATS[1]))).unwrap();
    let (directory, _) = running.stop();
    let put_back = start(directory, Arc::new(golden(FORMATS[1])));
    assert!(matches!(put_back.map(drop), Err(OpenError::Unproved)));
}

#[test]
fn a_damaged_record_of_an_older_program_stops_the_upgrade() {
    let directory = Directory::new();
    older_keyring(directory.path());
    let golden = golden(FORMATS[1]);
    let page = golden.snapshot().unwrap().scan(&key::all(), None, 1_000).unwrap();
    let cut = page
        .records
        .into_iter()
        .filter(|(key, _)| key.as_bytes()[0] != b'h');
    let store = MemoryStore::holding(Gen(40), cut);
    assert!(matches!(
        start(directory, Arc::new(store)).map(drop),
        Err(OpenError::Upgrade(UpgradeError::Store(StoreError::Corrupt(_))))
    ));
}

/// A store of small batches that stops taking any after some.
struct Stopping {
    store: Arc<MemoryStore>,
    left: std::sync::atomic::AtomicUsize,
}

impl Store for Stopping {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        self.store.snapshot()
    }

    fn commit(&self, expect: Gen, batch: &Batch, purpose: Purpose) -> Result<Gen, CommitError> {
        use std::sync::atomic::Ordering::SeqCst;
        let taken = self.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        assert!(batch.len() <= self.limits().ops);
        taken.map_err(|_| CommitError::Unavailable)?;
        self.store.commit(expect, batch, purpose)
    }

    fn limits(&self) -> Limits {
        Limits {
            ops: 4,
            ..Limits::default()
        }
    }
}

#[test]
fn an_upgrade_that_was_interrupted_after_any_commit_is_finished_by_the_next_start() {
    let mut interrupted = 0;
    for left in 0.. {
        let directory = Directory::new();
        older_keyring(directory.path());
        let store = Arc::new(golden(FORMATS[1]));
        let stopping = Stopping {
            store: Arc::clone(&store),
            left: left.into(),
        };
        let seal = seal_key(directory.path(), 1, "");
        let opened = Unsealed::open(
            options(directory.path(), Initialise::Refused),
            Arc::new(stopping),
            &*seal,
        );
        let is_done = opened.is_ok();
        drop(opened);
        interrupted += usize::from(!is_done);
        let running = start(directory, store).unwrap();
        running.vault.scrub().unwrap();
        assert_eq!(running.value("db").as_deref(), Some("two"));
        if is_done {
            break;
        }
    }
    assert!(interrupted > 3, "{interrupted}");
}

/// The last step of an upgrade is the keyring's file: a crash before it leaves the older one.
#[test]
fn an_older_keyring_beside_records_with_proofs_is_written_anew() {
    let directory = Directory::new();
    older_keyring(directory.path());
    let older = std::fs::read(directory.path().join("keyring")).unwrap();
    let running = start(directory, Arc::new(golden(FORMATS[1]))).unwrap();
    let (directory, store) = running.stop();
    std::fs::write(directory.path().join("keyring"), older).unwrap();
    let running = start(directory, store).unwrap();
    running.vault.scrub().unwrap();
    let seal = seal_key(running.directory.path(), 1, "");
    let stored = std::fs::read(running.directory.path().join("keyring")).unwrap();
    assert!(slots::open(&*seal, &stored).unwrap().slots.is_some());
}
