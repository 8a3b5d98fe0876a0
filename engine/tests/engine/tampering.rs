//! What a stranger with the store's file can do: nothing that goes unnoticed.

use std::sync::Arc;

use proptest::prelude::*;
use strongroom_core::ObjectKind;
use strongroom_engine::{
    BackupBlob, BadParameter, ObjectError, ReadRequest, SecretPatch, StoreCorrupt, WriteRequest,
    crypt::cipher,
    format::{codec::Encoder, key},
    object::request,
    objects::scrub::scrub,
    secret::SECRETS,
    store::{Batch, Key, MemoryStore, Value},
};

use crate::{
    fixture::{Bench, keyring, name, secret},
    sample::Sealing,
};

/// Everything in the store.
fn records(bench: &Bench) -> Vec<(Key, Value)> {
    let snapshot = bench.store.snapshot().unwrap();
    snapshot.scan(&Key::new([]), None, usize::MAX).unwrap().records
}

fn overwrite(bench: &Bench, changes: impl IntoIterator<Item = (Key, Option<Value>)>) {
    let mut batch = Batch::default();
    for (key, value) in changes {
        match value {
            Some(value) => batch.put(key, value),
            None => batch.remove(key),
        }
    }
    let generation = bench.store.snapshot().unwrap().generation();
    bench.store.commit(generation, &batch).unwrap();
}

fn scrubbed(bench: &Bench) -> Result<(), StoreCorrupt> {
    let snapshot = bench.store.snapshot().unwrap();
    scrub(bench.view(&*snapshot), SECRETS).map(|_| ())
}

fn damaged<T: std::fmt::Debug>(result: &Result<T, ObjectError>) -> bool {
    matches!(result, Err(ObjectError::Corrupt { .. }))
}

fn head(text: &str) -> Key {
    key::live(ObjectKind::Secrets, &name(text))
}

/// A vault with two secrets of two versions each.
fn filled() -> Bench {
    let mut bench = Bench::new();
    for text in ["one", "two"] {
        bench.set(text, "first");
        bench.set(text, "second");
    }
    scrubbed(&bench).unwrap();
    bench
}

#[test]
fn every_flipped_byte_of_a_head_or_version_is_refused() {
    let bench = filled();
    for (key, value) in records(&bench) {
        if !matches!(key.as_bytes()[0], b'h' | b'v') {
            continue;
        }
        for index in 0..value.as_bytes().len() {
            let mut bytes = value.as_bytes().to_vec();
            bytes[index] ^= 1;
            overwrite(&bench, [(key.clone(), Some(Value::new(bytes)))]);
            assert!(scrubbed(&bench).is_err(), "byte {index} of {key:?}");
            if key.as_bytes()[0] == b'h' {
                let text = std::str::from_utf8(&key.as_bytes()[2..]).unwrap();
                assert!(damaged(&bench.get(text, None)), "byte {index} of {key:?}");
            }
        }
        overwrite(&bench, [(key, Some(value))]);
        scrubbed(&bench).unwrap();
    }
}

#[test]
fn records_swapped_between_names_are_refused() {
    let bench = filled();
    let snapshot = bench.store.snapshot().unwrap();
    let [one, two] = ["one", "two"].map(|text| snapshot.get(&head(text)).unwrap());
    overwrite(&bench, [(head("one"), two), (head("two"), one)]);
    assert!(damaged(&bench.get("one", None)) && damaged(&bench.get("two", None)));
    assert!(scrubbed(&bench).is_err());
}

#[test]
fn records_swapped_between_versions_are_refused() {
    let bench = filled();
    let versions: Vec<_> = records(&bench)
        .into_iter()
        .filter(|(key, _)| key.as_bytes()[0] == b'v')
        .collect();
    for (key, value) in &versions {
        for (_, other) in versions.iter().filter(|(other, _)| other != key) {
            overwrite(&bench, [(key.clone(), Some(other.clone()))]);
            assert!(scrubbed(&bench).is_err());
        }
        overwrite(&bench, [(key.clone(), Some(value.clone()))]);
    }
    scrubbed(&bench).unwrap();
}

#[test]
fn a_record_of_another_vault_is_refused_even_under_the_same_keys() {
    let bench = filled();
    let mut other = Bench::over(Arc::new(MemoryStore::default()), 9);
    other.set("one", "theirs");
    let foreign = other.store.snapshot().unwrap().get(&head("one")).unwrap();
    overwrite(&bench, [(head("one"), foreign)]);
    assert!(damaged(&bench.get("one", None)));
}

#[test]
fn a_deleted_head_put_among_the_live_ones_is_refused() {
    let mut bench = filled();
    bench.delete("one").unwrap();
    let deleted = key::deleted(ObjectKind::Secrets, &name("one"));
    let record = bench.store.snapshot().unwrap().get(&deleted).unwrap();
    overwrite(&bench, [(deleted, None), (head("one"), record)]);
    assert!(damaged(&bench.get("one", None)));
    assert!(damaged(&bench.write(&WriteRequest::Delete { name: name("one") })));
}

#[test]
fn a_replayed_older_head_or_a_missing_one_shows_in_the_digest() {
    let mut bench = filled();
    let older = bench.store.snapshot().unwrap().get(&head("one")).unwrap();
    bench.set("one", "third");
    let newer = bench.store.snapshot().unwrap().get(&head("one")).unwrap();
    overwrite(&bench, [(head("one"), older)]);
    assert!(scrubbed(&bench).is_err());
    overwrite(&bench, [(head("one"), None)]);
    assert!(scrubbed(&bench).is_err());
    overwrite(&bench, [(head("one"), newer)]);
    scrubbed(&bench).unwrap();
}

#[test]
fn a_version_from_before_an_update_fits_nowhere() {
    let mut bench = filled();
    let before = records(&bench);
    let update = WriteRequest::Update {
        name: name("one"),
        version: None,
        fields: SecretPatch {
            content_type: Some("changed".into()),
        },
        attributes: strongroom_engine::AttributesPatch::default(),
        tags: None,
    };
    bench.write(&update).unwrap();
    let fresh: Vec<_> = records(&bench)
        .into_iter()
        .filter(|(key, _)| key.as_bytes()[0] == b'v' && !before.iter().any(|(old, _)| old == key))
        .collect();
    assert_eq!(fresh.len(), 1);
    for (_, old) in before.iter().filter(|(key, _)| key.as_bytes()[0] == b'v') {
        overwrite(&bench, [(fresh[0].0.clone(), Some(old.clone()))]);
        assert!(damaged(&bench.get("one", None)));
    }
}

#[test]
fn the_store_holds_no_plaintext() {
    let mut bench = Bench::new();
    bench.set("db", "canary-value-1234");
    bench.delete("db").unwrap();
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
/// is. Its heads have format 2, and one has a spelling.
#[test]
fn the_records_that_are_written_are_the_golden_ones() {
    let mut bench = Bench::new();
    bench.set("Db", "one");
    bench.set("db", "two");
    bench.set("gone", "three");
    bench.delete("gone").unwrap();
    let shown: String = records(&bench).iter().map(line).collect();
    assert_eq!(shown, include_str!("golden/format-2.txt"));
}

/// Format 2 is of heads alone: every other record is what an older program writes.
#[test]
fn format_2_changed_no_record_but_heads_and_their_digest() {
    let others = |text: &'static str| -> Vec<&str> {
        let is_head = |line: &&str| ["53 ", "64", "68"].iter().any(|key| line.starts_with(key));
        text.lines().filter(|line| !is_head(line)).collect()
    };
    let [one, two] = [
        include_str!("golden/format-1.txt"),
        include_str!("golden/format-2.txt"),
    ]
    .map(others);
    assert!(one.len() > 4, "{one:?}");
    assert_eq!(one, two);
}

fn line((key, value): &(Key, Value)) -> String {
    let [key, value] = [key.as_bytes(), value.as_bytes()].map(hex::encode);
    format!("{key} {value}\n")
}

/// Heads without a spelling, as an older program wrote them.
#[test]
fn a_golden_store_of_format_1_opens() {
    let bench = Bench::over(Arc::new(MemoryStore::default()), 1);
    for line in include_str!("golden/format-1.txt").lines() {
        let (key, value) = line.split_once(' ').unwrap();
        let [key, value] = [key, value].map(|text| hex::decode(text).unwrap());
        overwrite(&bench, [(Key::new(key), Some(Value::new(value)))]);
    }
    let found = bench.get("DB", None).unwrap();
    assert_eq!(found.name.spelling(), "db");
    assert_eq!(found.content.unwrap().expose(), "two");
    assert!(
        bench
            .read(&ReadRequest::GetDeleted { name: name("gone") })
            .is_ok()
    );
    scrubbed(&bench).unwrap();
    let mut bench = bench;
    bench.set("DB", "three");
    assert_eq!(bench.get("db", None).unwrap().name.spelling(), "db");
    scrubbed(&bench).unwrap();
}

proptest! {
    #[test]
    fn no_bytes_in_place_of_a_record_make_the_vault_panic(
        which in any::<prop::sample::Index>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        keep in 0..60_usize,
    ) {
        let bench = filled();
        let all = records(&bench);
        let (key, value) = which.get(&all);
        let kept = &value.as_bytes()[..keep.min(value.as_bytes().len())];
        overwrite(&bench, [(key.clone(), Some(Value::new([kept, &bytes].concat())))]);
        let _ = bench.get("one", None);
        let _ = bench.backup("two");
        let _ = bench.all(|page| ReadRequest::List { page });
        let _ = bench.all(|page| ReadRequest::ListVersions { name: name("one"), page });
        let _ = scrubbed(&bench);
    }
}

#[test]
fn another_keyring_opens_nothing() {
    let mut bench = filled();
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
    let sealed = cipher::seal_deterministic(&backup_key, blob.as_bytes(), body.as_bytes()).unwrap();
    blob.bytes(&sealed);
    let blob = BackupBlob::new(blob.into_bytes());
    let restored = bench
        .write(&WriteRequest::Restore { blob: blob.clone() })
        .unwrap();
    assert_eq!(secret(restored).name.spelling(), "db");
    assert_eq!(bench.get("db", None).unwrap().content.unwrap().expose(), "kept");
    let as_another_kind = bench.write_of::<Sealing>(&request::WriteRequest::Restore { blob });
    assert_eq!(as_another_kind, Err(BadParameter::BackupBlob.into()));
}
