//! The two stores must be the same store, whatever is done to them.

mod objects;

use std::sync::Arc;

use proptest::prelude::*;
use strongroom_engine::store::{
    Batch, CommitError, Gen, Key, MemoryStore, Overlay, Purpose, RedbOptions, RedbStore, Snapshot, Store,
    Value,
};

type Change = (Vec<u8>, Option<Vec<u8>>);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let key = proptest::collection::vec(0..3_u8, 1..4);
    let value = proptest::option::weighted(0.7, proptest::collection::vec(any::<u8>(), 0..5));
    proptest::collection::vec((key, value), 0..12)
}

fn batch(changes: &[Change]) -> Batch {
    let mut batch = Batch::default();
    for (key, value) in changes {
        match value {
            Some(value) => batch.put(Key::new(key.as_slice()), Value::new(value.as_slice())),
            None => batch.remove(Key::new(key.as_slice())),
        }
    }
    batch
}

/// Asks both for every prefix, start and limit in a small universe.
fn assert_same(one: &dyn Snapshot, two: &dyn Snapshot) {
    let keys: Vec<Key> = (0..3_u8)
        .flat_map(|a| [vec![a]].into_iter().chain((0..3_u8).map(move |b| vec![a, b])))
        .map(Key::new)
        .collect();
    for key in &keys {
        assert_eq!(one.get(key), two.get(key));
        for after in [None, Some(key)] {
            for prefix in [&Key::new([]), &keys[0], &keys[5]] {
                for limit in [1, 2, 100] {
                    assert_eq!(
                        one.scan(prefix, after, limit),
                        two.scan(prefix, after, limit),
                        "{prefix:?} {after:?} {limit}"
                    );
                }
            }
        }
    }
}

fn redb() -> (tempfile::TempDir, RedbStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = RedbStore::open(&directory.path().join("store.redb"), RedbOptions::default()).unwrap();
    (directory, store)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn redb_answers_as_memory_does(rounds in proptest::collection::vec(changes(), 1..6)) {
        let (directory, redb) = redb();
        let memory = MemoryStore::default();
        for round in rounds {
            let batch = batch(&round);
            let generation = memory.snapshot().unwrap().generation();
            let before = redb.snapshot().unwrap();
            prop_assert_eq!(redb.commit(generation, &batch, Purpose::Grow), memory.commit(generation, &batch, Purpose::Grow));
            prop_assert_eq!(before.generation(), generation);
            prop_assert_eq!(redb.commit(generation, &batch, Purpose::Grow), Err(CommitError::Conflict));
            prop_assert_eq!(memory.commit(generation, &batch, Purpose::Grow), Err(CommitError::Conflict));
            assert_same(&*redb.snapshot().unwrap(), &*memory.snapshot().unwrap());
        }
        drop(redb);
        let again = RedbStore::open(&directory.path().join("store.redb"), RedbOptions::default()).unwrap();
        assert_same(&*again.snapshot().unwrap(), &*memory.snapshot().unwrap());
        prop_assert_eq!(again.snapshot().unwrap().generation(), memory.snapshot().unwrap().generation());
    }
}

proptest! {
    #[test]
    fn an_overlay_reads_as_the_store_will_after_the_commit(before in changes(), on_top in changes()) {
        let store = MemoryStore::default();
        store.commit(Gen(0), &batch(&before), Purpose::Grow).unwrap();
        let base = store.snapshot().unwrap();
        let mut overlay = Overlay::new(&*base);
        let (first, second) = on_top.split_at(on_top.len() / 2);
        overlay.add(batch(first));
        overlay.add(batch(second));
        store.commit(Gen(1), overlay.changes(), Purpose::Grow).unwrap();
        assert_same(&overlay, &*store.snapshot().unwrap());
    }
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let (_directory, redb) = redb();
    let stores: [Arc<dyn Store>; 2] = [Arc::new(redb), Arc::new(MemoryStore::default())];
    for store in stores {
        let key = Key::new([1]);
        let before = store.snapshot().unwrap();
        store
            .commit(Gen(0), &batch(&[(vec![1], Some(vec![7]))]), Purpose::Grow)
            .unwrap();
        assert_eq!(before.get(&key), Ok(None));
        assert_eq!(store.snapshot().unwrap().get(&key), Ok(Some(Value::new([7]))));
    }
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    std::fs::write(&path, b"not a store at all, and longer than a header".repeat(200)).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(RedbStore::open(&path, RedbOptions::default()).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_store_cannot_be_opened_twice() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.redb");
    let _first = RedbStore::open(&path, RedbOptions::default()).unwrap();
    assert!(RedbStore::open(&path, RedbOptions::default()).is_err());
}
