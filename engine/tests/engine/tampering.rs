//! What a stranger with the store's file can do: nothing that goes unnoticed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proptest::prelude::*;
use strongroom_core::Timestamp;
use strongroom_engine::{
    AttributesPatch, BackupBlob, CryptoKey, Initialise, MalformedBackup, ObjectError, OpenError, ReadRequest,
    Secret, StoreCorrupt, WriteRequest,
    crypt::{
        cipher::{self, Form},
        keyring::slots,
        state::StateError,
    },
    format::{codec::Encoder, key},
    object::{kind::Kind, request},
    store::{Gen, Key, MemoryStore, Value},
};
use strongroom_testing::Directory;

use crate::{
    fixture::{Bench, DAY, keyring, name, secret, set_of},
    running::{Running, seal_key},
    sample::{Sample, Sealing},
    steps::tags,
};

/// Everything in the store.
pub fn records(bench: &Bench) -> Vec<(Key, Value)> {
    let snapshot = bench.store.snapshot().unwrap();
    snapshot.scan(&Key::new([]), None, usize::MAX).unwrap().records
}

/// Edits the store as someone does who has the file and no key: its generation stays.
fn overwrite(bench: &mut Bench, changes: impl IntoIterator<Item = (Key, Option<Value>)>) {
    let mut all: BTreeMap<Key, Value> = records(bench).into_iter().collect();
    for (key, value) in changes {
        match value {
            Some(value) => all.insert(key, value),
            None => all.remove(&key),
        };
    }
    let generation = bench.store.snapshot().unwrap().generation();
    bench.store = Arc::new(MemoryStore::holding(generation, all));
}

fn scrubbed(bench: &Bench) -> Result<(), StoreCorrupt> {
    scrubbed_of::<Secret>(bench)
}

fn scrubbed_of<K: Sample>(bench: &Bench) -> Result<(), StoreCorrupt> {
    bench.scrub(K::KINDS).map(drop)
}

fn damaged<T: std::fmt::Debug>(result: &Result<T, ObjectError>) -> bool {
    matches!(result, Err(ObjectError::Corrupt { .. }))
}

fn head<K: Kind>(text: &str) -> Key {
    key::live(K::KIND, &name(text))
}

/// A vault with two objects of two versions each.
fn filled<K: Sample>() -> Bench {
    let mut bench = Bench::new();
    for text in ["one", "two"] {
        bench.set_of::<K>(text, "first");
        bench.set_of::<K>(text, "second");
    }
    scrubbed_of::<K>(&bench).unwrap();
    bench
}

/// A vault that holds every kind of record: it ran on a store in memory, and stopped.
fn every_kind<K: Sample>() -> (Bench, Kept) {
    let running = Running::in_memory(K::KINDS);
    for text in ["one", "two", "purged"] {
        for content in ["first", "second"] {
            running.write_of(set_of::<K>(text, content)).unwrap();
        }
    }
    running
        .vault
        .meta_put("bundle", Some(b"policy".to_vec()))
        .unwrap();
    for name in ["two", "purged"].map(name) {
        running
            .write_of(request::WriteRequest::<K>::Delete { name })
            .unwrap();
    }
    running
        .write_of(request::WriteRequest::<K>::Purge { name: name("purged") })
        .unwrap();
    let directory = running.directory.path();
    let seal = seal_key(directory, 1, "");
    let stored = std::fs::read(directory.join("keyring")).unwrap();
    let opened = slots::open(&*seal, &stored).unwrap();
    let now = running.now;
    let (directory, store) = running.stop();
    let mut bench = Bench::new();
    (bench.keyring, bench.store, bench.now) = (opened.keyring, store, now);
    (bench, Kept { directory, now })
}

/// What a stopped vault keeps beside its store.
struct Kept {
    directory: Directory,
    now: Timestamp,
}

/// The place of the record, and whether nobody can open it any more: a version of the purged object.
fn is_garbage(bench: &Bench, place: &Key) -> bool {
    // Three objects of two versions: numbers go to each object, version and head. Those of the purged object are last.
    let versions: Vec<Key> = records(bench)
        .into_iter()
        .map(|(key, _)| key)
        .filter(|key| key.as_bytes()[0] == b'v')
        .collect();
    assert_eq!(versions.len(), 6);
    versions[4..].contains(place)
}

#[test]
fn every_flipped_byte_and_every_missing_record_shows() {
    flip_and_miss::<Secret>();
    flip_and_miss::<CryptoKey>();
}

fn flip_and_miss<K: Sample>() {
    let (mut bench, _kept) = every_kind::<K>();
    scrubbed_of::<K>(&bench).unwrap();
    let all = records(&bench);
    let kinds: BTreeSet<u8> = all.iter().map(|(key, _)| key.as_bytes()[0]).collect();
    assert_eq!(kinds, BTreeSet::from(*b"Sadeghilmnovx"));
    for (key, value) in all {
        // What is left of a purged object has no key any more: whatever it is, nobody reads it. Its bytes are counted.
        let is_read = !is_garbage(&bench, &key);
        for index in 0..value.as_bytes().len() {
            let mut bytes = value.as_bytes().to_vec();
            bytes[index] ^= 1;
            overwrite(&mut bench, [(key.clone(), Some(Value::new(bytes)))]);
            assert_eq!(
                scrubbed_of::<K>(&bench).is_err(),
                is_read,
                "byte {index} of {key:?}"
            );
        }
        overwrite(&mut bench, [(key.clone(), None)]);
        assert!(scrubbed_of::<K>(&bench).is_err(), "{key:?} is missing");
        overwrite(&mut bench, [(key, Some(value))]);
        scrubbed_of::<K>(&bench).unwrap();
    }
}

#[test]
fn a_flipped_byte_of_a_head_or_version_is_refused_when_it_is_read() {
    flip_heads::<Secret>();
    flip_heads::<CryptoKey>();
}

fn flip_heads<K: Sample>() {
    let mut bench = filled::<K>();
    for (key, value) in records(&bench) {
        if key.as_bytes()[0] != b'h' {
            continue;
        }
        let text = std::str::from_utf8(&key.as_bytes()[2..]).unwrap().to_owned();
        for index in 0..value.as_bytes().len() {
            let mut bytes = value.as_bytes().to_vec();
            bytes[index] ^= 1;
            overwrite(&mut bench, [(key.clone(), Some(Value::new(bytes)))]);
            assert!(
                damaged(&bench.get_of::<K>(&text, None)),
                "byte {index} of {key:?}"
            );
        }
        overwrite(&mut bench, [(key, Some(value))]);
    }
}

/// What was remembered of the read before must not open what is there now. A key's version is not opened by a get.
#[test]
fn a_flipped_byte_of_a_version_is_refused_after_it_was_read_too() {
    let mut bench = filled::<Secret>();
    let read = |bench: &Bench| ["one", "two"].map(|text| damaged(&bench.get_of::<Secret>(text, None)));
    assert_eq!(read(&bench), [false, false]);
    let mut refused = 0;
    for (key, value) in records(&bench) {
        if key.as_bytes()[0] != b'v' {
            continue;
        }
        let length = value.as_bytes().len();
        let flipped = (0..length).map(|index| {
            let mut bytes = value.as_bytes().to_vec();
            bytes[index] ^= 1;
            overwrite(&mut bench, [(key.clone(), Some(Value::new(bytes)))]);
            read(&bench).into_iter().filter(|damaged| *damaged).count()
        });
        let found: BTreeSet<_> = flipped.collect();
        // An older version is not read.
        assert!(
            found == BTreeSet::from([0]) || found == BTreeSet::from([1]),
            "{found:?}"
        );
        refused += found.into_iter().sum::<usize>();
        overwrite(&mut bench, [(key, Some(value))]);
        assert_eq!(read(&bench), [false, false]);
    }
    assert_eq!(refused, 2);
}

/// Each kind of record where it is used: the vault does not open, or answers that its data is damaged.
#[test]
fn a_record_without_its_proof_is_refused_where_it_is_used() {
    for letter in *b"Saegimox" {
        let (mut bench, kept) = every_kind::<Secret>();
        let all = records(&bench);
        let of_kind = all.iter().filter(|(key, _)| key.as_bytes()[0] == letter);
        let flipped: Vec<_> = of_kind
            .map(|(key, value)| {
                let mut bytes = value.as_bytes().to_vec();
                // Within the fields, where every kind has any.
                let at = bytes.len().min(30) - 1;
                bytes[at] ^= 1;
                (key.clone(), Some(Value::new(bytes)))
            })
            .collect();
        assert!(!flipped.is_empty());
        let first = bench.get("one", None).unwrap().version;
        let older = bench.all(|page| ReadRequest::ListVersions {
            name: name("one"),
            page,
        });
        let mut older = older.unwrap().into_iter().map(|found| found.version);
        let older = older.find(|version| *version != first).unwrap();
        overwrite(&mut bench, flipped);
        let opened = Running::start(kept.directory, Arc::clone(&bench.store), Initialise::Refused);
        let shown = char::from(letter);
        match letter {
            b'S' | b'a' | b'o' => assert!(opened.is_err(), "{shown}"),
            b'm' => assert!(
                matches!(
                    opened.unwrap().vault.meta_get("bundle"),
                    Err(ObjectError::Corrupt { .. })
                ),
                "{shown}"
            ),
            b'i' => assert!(damaged(&bench.get("one", Some(older))), "{shown}"),
            b'e' => assert!(
                matches!(
                    opened.unwrap().vault.erasure_pending(),
                    Err(ObjectError::Corrupt { .. })
                ),
                "{shown}"
            ),
            _ => {
                // The vault's own work: nothing of it is done.
                let mut running = opened.unwrap();
                running.now = Timestamp::from_unix(kept.now.unix() + 200 * DAY);
                let before = running.vault.objects();
                running.sweep();
                if letter == b'x' {
                    assert_eq!(running.vault.objects(), before, "nothing is purged");
                }
                assert!(running.vault.scrub().is_err(), "{shown}");
            }
        }
    }
}

#[test]
fn an_older_record_of_any_kind_shows_when_it_is_put_back() {
    let running = Running::over(Arc::new(MemoryStore::default()));
    let stored = |running: &Running| -> BTreeMap<Key, Value> {
        let snapshot = running.store.snapshot().unwrap();
        let page = snapshot.scan(&key::all(), None, usize::MAX).unwrap();
        page.records.into_iter().collect()
    };
    running
        .vault
        .meta_put("bundle", Some(b"grants".to_vec()))
        .unwrap();
    running.set("one", "first").unwrap();
    running.set("one", "second").unwrap();
    running.log.sync().unwrap();
    running.set("one", "second again").unwrap();
    let older = stored(&running);
    running.log.sync().unwrap();
    running
        .vault
        .meta_put("bundle", Some(b"revoked".to_vec()))
        .unwrap();
    running.set("one", "third").unwrap();
    let present = stored(&running);
    let seal = seal_key(running.directory.path(), 1, "");
    let file = std::fs::read(running.directory.path().join("keyring")).unwrap();
    let mut bench = Bench::new();
    bench.keyring = slots::open(&*seal, &file).unwrap().keyring;
    bench.store = Arc::clone(&running.store);
    scrubbed(&bench).unwrap();
    let changed: Vec<_> = older
        .iter()
        .filter(|(key, value)| present.get(*key) != Some(*value))
        .collect();
    let kinds: BTreeSet<u8> = changed.iter().map(|(key, _)| key.as_bytes()[0]).collect();
    assert!(kinds.is_superset(&BTreeSet::from(*b"Sahm")), "{kinds:?}");
    for (key, value) in changed {
        overwrite(&mut bench, [(key.clone(), Some(value.clone()))]);
        assert!(scrubbed(&bench).is_err(), "{key:?}");
        overwrite(&mut bench, [(key.clone(), present.get(key).cloned())]);
    }
    scrubbed(&bench).unwrap();
}

#[test]
fn a_raised_generation_of_the_store_is_refused() {
    let (bench, kept) = every_kind::<Secret>();
    let generation = bench.store.snapshot().unwrap().generation();
    let raised = MemoryStore::holding(Gen(generation.0 + 1000), records(&bench));
    let opened = Running::start(kept.directory, Arc::new(raised), Initialise::Refused);
    assert!(matches!(
        opened.map(drop),
        Err(OpenError::State(StateError::OtherGeneration { .. }))
    ));
}

#[test]
fn records_swapped_between_names_are_refused() {
    swap_names::<Secret>();
    swap_names::<CryptoKey>();
}

fn swap_names<K: Sample>() {
    let mut bench = filled::<K>();
    let snapshot = bench.store.snapshot().unwrap();
    let [one, two] = ["one", "two"].map(|text| snapshot.get(&head::<K>(text)).unwrap());
    overwrite(&mut bench, [(head::<K>("one"), two), (head::<K>("two"), one)]);
    assert!(
        ["one", "two"]
            .iter()
            .all(|text| damaged(&bench.get_of::<K>(text, None)))
    );
    assert!(scrubbed_of::<K>(&bench).is_err());
}

#[test]
fn records_swapped_between_versions_are_refused() {
    swap_versions::<Secret>();
    swap_versions::<CryptoKey>();
}

fn swap_versions<K: Sample>() {
    let mut bench = filled::<K>();
    let versions: Vec<_> = records(&bench)
        .into_iter()
        .filter(|(key, _)| key.as_bytes()[0] == b'v')
        .collect();
    for (key, value) in &versions {
        for (_, other) in versions.iter().filter(|(other, _)| other != key) {
            overwrite(&mut bench, [(key.clone(), Some(other.clone()))]);
            assert!(scrubbed_of::<K>(&bench).is_err());
        }
        overwrite(&mut bench, [(key.clone(), Some(value.clone()))]);
    }
    scrubbed_of::<K>(&bench).unwrap();
}

#[test]
fn a_record_of_another_vault_is_refused_even_under_the_same_keys() {
    let mut bench = filled::<Secret>();
    let mut other = Bench::over(Arc::new(MemoryStore::default()), 9);
    other.set("one", "theirs");
    let foreign = other
        .store
        .snapshot()
        .unwrap()
        .get(&head::<Secret>("one"))
        .unwrap();
    overwrite(&mut bench, [(head::<Secret>("one"), foreign)]);
    assert!(damaged(&bench.get("one", None)));
}

#[test]
fn a_deleted_head_put_among_the_live_ones_is_refused() {
    revive_head::<Secret>();
    revive_head::<CryptoKey>();
}

fn revive_head<K: Sample>() {
    let mut bench = filled::<K>();
    let delete = request::WriteRequest::<K>::Delete { name: name("one") };
    bench.write_of(&delete).unwrap();
    let deleted = key::deleted(K::KIND, &name("one"));
    let record = bench.store.snapshot().unwrap().get(&deleted).unwrap();
    overwrite(&mut bench, [(deleted, None), (head::<K>("one"), record)]);
    assert!(damaged(&bench.get_of::<K>("one", None)));
    assert!(damaged(&bench.write_of(&delete)));
}

#[test]
fn a_replayed_older_head_or_a_missing_one_shows_in_the_sum() {
    replay_head::<Secret>();
    replay_head::<CryptoKey>();
}

fn replay_head<K: Sample>() {
    let mut bench = filled::<K>();
    let older = bench.store.snapshot().unwrap().get(&head::<K>("one")).unwrap();
    bench.set_of::<K>("one", "third");
    let newer = bench.store.snapshot().unwrap().get(&head::<K>("one")).unwrap();
    overwrite(&mut bench, [(head::<K>("one"), older)]);
    assert!(scrubbed_of::<K>(&bench).is_err());
    overwrite(&mut bench, [(head::<K>("one"), None)]);
    assert!(scrubbed_of::<K>(&bench).is_err());
    overwrite(&mut bench, [(head::<K>("one"), newer)]);
    scrubbed_of::<K>(&bench).unwrap();
}

#[test]
fn a_version_from_before_an_update_fits_nowhere() {
    put_back_version::<Secret>();
    put_back_version::<CryptoKey>();
}

fn put_back_version<K: Sample>() {
    let mut bench = filled::<K>();
    let before = records(&bench);
    let update = request::WriteRequest::<K>::Update {
        name: name("one"),
        version: None,
        fields: K::Patch::default(),
        attributes: AttributesPatch::default(),
        tags: Some(tags(true)),
    };
    bench.write_of(&update).unwrap();
    let fresh: Vec<_> = records(&bench)
        .into_iter()
        .filter(|(key, _)| key.as_bytes()[0] == b'v' && !before.iter().any(|(old, _)| old == key))
        .collect();
    assert_eq!(fresh.len(), 1);
    for (_, old) in before.iter().filter(|(key, _)| key.as_bytes()[0] == b'v') {
        overwrite(&mut bench, [(fresh[0].0.clone(), Some(old.clone()))]);
        assert!(scrubbed_of::<K>(&bench).is_err());
        // What a get does not show, it does not open.
        assert!(damaged(&bench.get_of::<K>("one", None)) || !K::SHOWS_CONTENT);
    }
}

#[test]
fn the_store_holds_no_plaintext() {
    search_plaintext::<Secret>();
    search_plaintext::<CryptoKey>();
}

fn search_plaintext<K: Sample>() {
    let mut bench = Bench::new();
    bench.set_of::<K>("db", "canary-value-1234");
    bench
        .write_of(&request::WriteRequest::<K>::Delete { name: name("db") })
        .unwrap();
    for (key, value) in records(&bench) {
        let found = value
            .as_bytes()
            .windows(17)
            .any(|window| window == b"canary-value-1234");
        assert!(!found, "{key:?}");
    }
}

#[test]
fn the_same_request_with_the_same_inputs_is_the_same_record() {
    let [mut one, mut two] = [Bench::new(), Bench::new()];
    for bench in [&mut one, &mut two] {
        bench.set("db", "value");
    }
    assert_eq!(records(&one), records(&two));
}

/// A store as this program writes it, byte for byte: a build that writes or reads it otherwise breaks every store there
/// is. One of its heads has a spelling.
#[test]
fn the_records_that_are_written_are_the_golden_ones() {
    let mut bench = Bench::new();
    bench.set("Db", "one");
    bench.set("db", "two");
    bench.set("gone", "three");
    bench.delete("gone").unwrap();
    let shown: String = records(&bench).iter().map(line).collect();
    assert_eq!(shown, include_str!("golden/format-7.txt"));
}

pub fn line((key, value): &(Key, Value)) -> String {
    let [key, value] = [key.as_bytes(), value.as_bytes()].map(hex::encode);
    format!("{key} {value}\n")
}

proptest! {
    #[test]
    fn no_bytes_in_place_of_a_record_make_the_vault_panic(
        which in any::<prop::sample::Index>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        keep in 0..60_usize,
    ) {
        let mut bench = filled::<Secret>();
        let all = records(&bench);
        let (key, value) = which.get(&all);
        let kept = &value.as_bytes()[..keep.min(value.as_bytes().len())];
        overwrite(&mut bench, [(key.clone(), Some(Value::new([kept, &bytes].concat())))]);
        let _ = bench.get("one", None);
        let _ = bench.backup("two");
        let _ = bench.all(|page| ReadRequest::List { page });
        let _ = bench.all(|page| ReadRequest::ListVersions { name: name("one"), page });
        let _ = scrubbed(&bench);
    }
}

#[test]
fn another_keyring_opens_nothing() {
    let mut bench = filled::<Secret>();
    bench.keyring = keyring(3);
    assert!(bench.get("one", None).is_err());
}

/// A backup of format 1, which names no kind: written here field by field, as the programs before format 2 wrote it.
#[test]
fn a_backup_of_format_1_is_restored_as_a_secret() {
    let mut bench = Bench::new();
    let version = [9; 16];
    let mut plaintext = Encoder::with_capacity(256);
    plaintext
        .text("kept")
        .bool(false)
        .bool(true)
        .bool(false)
        .bool(false);
    plaintext.u64(1_700_000_000).u64(1_700_000_001).u32(0);
    let mut body = Encoder::with_capacity(256);
    body.u32(1).array(&version).bytes(plaintext.as_bytes());
    let mut blob = Encoder::record(*b"SRbk", bench.keyring.vault());
    blob.u32(1).text("db");
    let backup_key = [1 ^ 0x55; 32];
    let sealed =
        cipher::seal_deterministic(Form::Unnumbered, &backup_key, blob.as_bytes(), body.as_bytes()).unwrap();
    blob.bytes(&sealed);
    let blob = BackupBlob::new(blob.into_bytes());
    let restored = bench
        .write(&WriteRequest::Restore { blob: blob.clone() })
        .unwrap();
    assert_eq!(secret(restored).name.spelling(), "db");
    assert_eq!(bench.get("db", None).unwrap().content.unwrap().expose(), "kept");
    let as_another_kind = bench.write_of::<Sealing>(&request::WriteRequest::Restore { blob });
    assert_eq!(as_another_kind, Err(MalformedBackup::Corrupt.into()));
}
