//! Keys that lie in memory ready for use: a bounded number of them, and none of a key that changed.

use std::{sync::Arc, thread::sleep, time::Duration};

use strongroom_core::{NamedObject, ObjectKind, Timestamp, Version};
use strongroom_engine::{Attributes, RecoveryLevel, format::id::Sequence};
use strongroom_keys::{KeyKind, KeyOperations, KeyProvider as _, KeySpec, KeyType, OctSize, Software};
use strongroom_vault::keys::opened::{OpenedKey, OpenedKeys};

/// How many are remembered at most.
const MOST: usize = 1024;

fn key(name: &str) -> Arc<OpenedKey> {
    let spec = KeySpec::new(KeyType::Oct(OctSize::Bits128));
    Arc::new(OpenedKey {
        name: name.parse().unwrap(),
        version: Version::from_bytes([1; 16]),
        attributes: Attributes {
            enabled: true,
            not_before: None,
            expires: None,
            created: Timestamp::from_unix(1),
            updated: Timestamp::from_unix(1),
            recovery_level: RecoveryLevel::Recoverable,
            recoverable_days: 90,
        },
        operations: KeyOperations::defaults(KeyKind::Oct),
        release: None,
        key: Software.generate(spec).unwrap(),
    })
}

/// Remembers a key that nothing happened to while it was read.
fn insert(opened: &OpenedKeys, record: Sequence, key: &Arc<OpenedKey>) {
    opened.insert(record, key, opened.begin_reading(&key.name));
}

fn changed(kind: ObjectKind, name: &str) -> NamedObject {
    NamedObject {
        kind,
        name: name.parse().unwrap(),
        version: None,
    }
}

#[test]
fn no_more_keys_lie_in_memory_than_there_is_a_bound_whatever_is_used() {
    let (opened, key) = (OpenedKeys::default(), key("db"));
    let records = (1..=8 * u64::try_from(MOST).unwrap()).map(Sequence);
    for record in records.clone() {
        insert(&opened, record, &key);
    }
    // Those that were used last are there.
    let last = records.skip(7 * MOST);
    assert_eq!(last.filter(|record| opened.get(*record).is_some()).count(), MOST);
    // Each is held once; one is ours.
    assert_eq!(Arc::strong_count(&key), 1 + MOST);
}

#[test]
fn the_key_that_gives_way_is_the_one_that_was_used_the_longest_ago() {
    let (opened, key) = (OpenedKeys::default(), key("db"));
    for record in (1..=u64::try_from(MOST).unwrap()).map(Sequence) {
        insert(&opened, record, &key);
    }
    assert!(opened.get(Sequence(1)).is_some());
    insert(&opened, Sequence(9_999), &key);
    let found = [1, 2, 3].map(|number| opened.get(Sequence(number)).is_some());
    assert_eq!(found, [true, false, true]);
}

/// Nobody uses a key after that.
#[test]
fn a_key_that_changed_is_dropped_at_once_and_no_other() {
    let opened = OpenedKeys::default();
    let keys = ["db", "DB", "other"].map(key);
    for (record, key) in (1..).map(Sequence).zip(&keys) {
        insert(&opened, record, key);
    }
    opened.forget(&[
        changed(ObjectKind::Secrets, "other"),
        changed(ObjectKind::Keys, "db"),
    ]);
    // One of each is ours.
    assert_eq!(keys.each_ref().map(Arc::strong_count), [1, 1, 2]);
    let found = [1, 2, 3].map(|number| opened.get(Sequence(number)).is_some());
    assert_eq!(found, [false, false, true]);
}

/// A use reads a key and opens it while nothing is locked.
#[test]
fn a_key_that_is_deleted_while_it_is_read_does_not_come_back_into_memory() {
    let (opened, key) = (OpenedKeys::default(), key("db"));
    let reading = opened.begin_reading(&key.name);
    opened.forget(&[changed(ObjectKind::Keys, "DB")]);
    opened.insert(Sequence(1), &key, reading);
    assert!(opened.get(Sequence(1)).is_none());
    assert_eq!(Arc::strong_count(&key), 1);
    // One that is read later is another, or is there again.
    insert(&opened, Sequence(1), &key);
    assert!(opened.get(Sequence(1)).is_some());
}

#[test]
fn a_key_that_is_read_while_others_change_is_remembered() {
    const OTHERS: u64 = 200;
    let (opened, key) = (OpenedKeys::default(), key("db"));
    for record in 0..OTHERS {
        let reading = opened.begin_reading(&key.name);
        opened.forget(&[
            changed(ObjectKind::Secrets, "db"),
            changed(ObjectKind::Keys, &format!("other-{record}")),
        ]);
        opened.insert(Sequence(record), &key, reading);
    }
    let remembered = (0..OTHERS).filter(|record| opened.get(Sequence(*record)).is_some());
    // Few share its counter.
    assert!(remembered.count() > 180);
}

/// Nobody uses any key meanwhile.
#[test]
fn a_key_that_nobody_used_for_long_is_dropped_by_the_next_look() {
    let (opened, key) = (OpenedKeys::idle_for(Duration::from_millis(20)), key("db"));
    for record in [1, 2] {
        insert(&opened, Sequence(record), &key);
    }
    opened.drop_idle();
    assert_eq!(Arc::strong_count(&key), 3);
    sleep(Duration::from_millis(60));
    assert!(opened.get(Sequence(1)).is_some());
    opened.drop_idle();
    let found = [1, 2].map(|number| opened.get(Sequence(number)).is_some());
    assert_eq!(found, [true, false]);
    sleep(Duration::from_millis(60));
    opened.drop_idle();
    assert_eq!(Arc::strong_count(&key), 1);
}
