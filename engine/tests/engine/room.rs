//! How many bytes the objects take: counted as they change, and bounded.

use std::sync::{Arc, mpsc};

use strongroom_engine::{
    AttributesPatch, Initialise, ObjectError, Rules, SecretPatch, Tags, WriteError, WriteRequest,
    format::key,
    store::{MemoryStore, Snapshot, Store},
};
use strongroom_testing::Directory;

use crate::{
    fixture::{Bench, DAY, name, set_request},
    running::{Running, entry, options},
};

/// The bytes of all records that are part of an object, counted one by one.
pub fn counted(snapshot: &dyn Snapshot) -> u64 {
    let page = snapshot.scan(&key::all(), None, usize::MAX).unwrap();
    let objects = page.records.iter().filter(|(key, _)| key::is_of_object(key));
    let bytes = objects.map(|(key, record)| key.as_bytes().len() + record.as_bytes().len());
    u64::try_from(bytes.sum::<usize>()).unwrap()
}

fn full(limit: u64) -> ObjectError {
    ObjectError::VaultFull { limit }
}

fn update(text: &str, tags: Option<Tags>) -> WriteRequest {
    WriteRequest::Update {
        name: name(text),
        version: None,
        fields: SecretPatch::default(),
        attributes: AttributesPatch {
            enabled: Some(true),
            ..AttributesPatch::default()
        },
        tags,
    }
}

#[test]
fn a_vault_takes_no_more_than_it_keeps_and_everything_but_growing_goes_on() {
    let mut bench = Bench::new();
    let value = "v".repeat(1_000);
    bench.set("a", &value);
    bench.set("b", &value);
    let limit = bench.state().unwrap().bytes + 1_000;
    bench.rules.limits.object_bytes = limit;
    assert_eq!(bench.write(&set_request("a", &value)), Err(full(limit)));
    assert_eq!(bench.write(&set_request("c", &value)), Err(full(limit)));
    let tags = Tags::from([("t".repeat(500), "t".repeat(500))]);
    assert_eq!(bench.write(&update("a", Some(tags))), Err(full(limit)));

    assert!(bench.get("a", None).is_ok());
    bench.rules.limits.object_bytes = 1;
    bench.write(&update("a", None)).unwrap();
    bench.write(&update("a", Some(Tags::new()))).unwrap();
    let blob = bench.backup("b").unwrap();
    for text in ["a", "b"] {
        bench.delete(text).unwrap();
    }
    bench.write(&WriteRequest::Recover { name: name("a") }).unwrap();
    bench.write(&WriteRequest::Purge { name: name("b") }).unwrap();
    let restore = WriteRequest::Restore { blob };
    assert_eq!(bench.write(&restore), Err(full(1)));
    bench.rules.limits.object_bytes = u64::MAX;
    bench.write(&restore).unwrap();
}

#[test]
fn exactly_the_limit_fits() {
    let mut bench = Bench::new();
    bench.set("a", "1");
    let one = bench.state().unwrap().bytes;
    bench.rules.limits.object_bytes = 2 * one;
    bench.set("b", "1");
    assert_eq!(bench.state().unwrap().bytes, 2 * one);
    bench.rules.limits.object_bytes = 3 * one - 1;
    assert_eq!(bench.write(&set_request("c", "1")), Err(full(3 * one - 1)));
}

/// A vault on `store` that keeps so many bytes.
fn bounded(store: Arc<dyn Store>, object_bytes: u64) -> Running {
    let directory = Directory::new();
    let mut options = options(directory.path(), Initialise::Allowed);
    let mut rules = Rules::default();
    rules.limits.object_bytes = object_bytes;
    options.rules = rules;
    Running::start_with(directory, store, options).unwrap()
}

/// Requests that wait together are decided together, each on what the ones before it take.
#[test]
fn many_at_once_take_no_more_than_one_by_one() {
    let limit = 50_000;
    let running = bounded(Arc::new(MemoryStore::default()), limit);
    let (done, answers) = mpsc::channel();
    for n in 0..200 {
        let done = done.clone();
        let audit = Box::new(|_: &Result<_, _>| entry(0));
        let done = Box::new(move |result: Result<_, _>| done.send(result.map(drop)).unwrap());
        let request = set_request(&format!("s{n}"), &"v".repeat(1_000));
        running.vault.submit(request, running.now, audit, done).unwrap();
    }
    drop(done);
    let answers: Vec<_> = answers.iter().collect();
    let set = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!((20..50).contains(&set), "{set} of 1,000 bytes and their heads");
    let refused = |answer: &&Result<(), WriteError>| **answer == Err(WriteError::Object(full(limit)));
    assert_eq!(answers.iter().filter(refused).count(), 200 - set);
    let bytes = running.vault.bytes();
    assert!((45_000..=limit).contains(&bytes), "{bytes}");
    assert_eq!(bytes, counted(&*running.vault.snapshot()));
}

/// What is left of purged objects counts until it is removed, and then no more; a restart changes nothing.
#[test]
fn the_count_follows_every_change_and_a_restart() {
    let mut running = Running::new();
    let exact = |running: &Running| {
        assert_eq!(running.vault.bytes(), counted(&*running.vault.snapshot()));
        running.vault.scrub().unwrap();
        running.vault.bytes()
    };
    assert_eq!(exact(&running), 0);
    for n in 0..3 {
        running.set("a", &"v".repeat(n * 1_000)).unwrap();
        running.set("b", "v").unwrap();
    }
    let before = exact(&running);
    running.write(update("a", None)).unwrap();
    running.write(WriteRequest::Delete { name: name("a") }).unwrap();
    exact(&running);
    running.write(WriteRequest::Purge { name: name("a") }).unwrap();
    let purged = exact(&running);
    assert!(before - purged < 1_000, "its versions are still there");
    running = running.restart();
    assert_eq!(exact(&running), purged);
    running.sweep();
    assert!(exact(&running) < purged - 3_000);
    running.write(WriteRequest::Delete { name: name("b") }).unwrap();
    running.now = strongroom_core::Timestamp::from_unix(running.now.unix() + 91 * DAY);
    for _ in 0..3 {
        running.sweep();
    }
    assert_eq!(exact(&running), 0);
    assert_eq!(running.restart().vault.bytes(), 0);
}

#[test]
fn a_vault_knows_when_it_was_changed_last_also_after_a_restart() {
    let running = Running::new();
    assert_eq!(running.vault.changed(), None);
    running.set("a", "v").unwrap();
    running.vault.meta_put("of no time", None).unwrap();
    assert_eq!(running.vault.changed(), Some(running.now));
    let running = running.restart();
    assert_eq!(running.vault.changed(), Some(running.now));
}
