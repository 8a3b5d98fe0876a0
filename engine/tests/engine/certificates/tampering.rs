//! What a stranger with the store's file can do to certificates: nothing that goes unnoticed.

use std::{collections::BTreeMap, sync::Arc};

use strongroom_core::ObjectKind;
use strongroom_engine::{
    Certificate, CryptoKey, MalformedBackup, ObjectError, Secret,
    format::key,
    kinds::EVERY_KIND,
    object::{kind::Kind, tasks::Tasks},
    store::{Key, MemoryStore, Value},
};

use super::Vault;
use crate::fixture::name;

fn records(vault: &Vault) -> Vec<(Key, Value)> {
    let snapshot = vault.0.store.snapshot().unwrap();
    snapshot.scan(&Key::new([]), None, usize::MAX).unwrap().records
}

/// Edits the store as someone does who has the file and no key.
fn overwrite(vault: &mut Vault, changes: impl IntoIterator<Item = (Key, Value)>) {
    let mut all: BTreeMap<Key, Value> = records(vault).into_iter().collect();
    all.extend(changes);
    let generation = vault.0.store.snapshot().unwrap().generation();
    vault.0.store = Arc::new(MemoryStore::holding(generation, all));
}

fn is_damaged<T: std::fmt::Debug>(result: &Result<T, ObjectError>) -> bool {
    matches!(result, Err(ObjectError::Corrupt { .. }))
}

/// Certificates in every state.
fn filled() -> Vault {
    let mut vault = Vault::new();
    vault.issue("issued", "one");
    vault.begin("pending").unwrap();
    vault.issue("renewed", "one");
    vault.issue("renewed", "two");
    vault.begin("renewed").unwrap();
    let failed = vault.begin("failed").unwrap();
    vault.fail("failed", failed).unwrap();
    vault.issue("deleted", "one");
    vault.begin("deleted").unwrap();
    vault.delete("deleted").unwrap();
    vault.0.scrub(EVERY_KIND).unwrap();
    vault
}

#[test]
fn every_flipped_byte_of_a_certificate_its_key_or_its_secret_shows() {
    let mut vault = filled();
    let mut flipped = 0;
    for (place, value) in records(&vault) {
        for index in 0..value.as_bytes().len() {
            let mut bytes = value.as_bytes().to_vec();
            bytes[index] ^= 1 << (index % 8);
            overwrite(&mut vault, [(place.clone(), Value::new(bytes))]);
            assert!(vault.0.scrub(EVERY_KIND).is_err(), "byte {index} of {place:?}");
            flipped += 1;
        }
        overwrite(&mut vault, [(place, value)]);
    }
    vault.0.scrub(EVERY_KIND).unwrap();
    assert!(flipped > 10_000, "{flipped}");
}

#[test]
fn a_flipped_byte_of_a_head_is_refused_by_reads_and_by_every_request_that_changes_it() {
    let mut vault = filled();
    let operation = vault.get("renewed").unwrap().object.operation.unwrap().id;
    let head = key::live(Certificate::KIND, &name("renewed"));
    let value = vault.0.store.snapshot().unwrap().get(&head).unwrap().unwrap();
    for index in 0..value.as_bytes().len() {
        let mut bytes = value.as_bytes().to_vec();
        bytes[index] ^= 1;
        overwrite(&mut vault, [(head.clone(), Value::new(bytes))]);
        assert!(is_damaged(&vault.get("renewed")), "byte {index}");
        if index % 16 > 0 {
            continue;
        }
        assert!(is_damaged(&vault.begin("renewed")));
        assert!(is_damaged(&vault.complete("renewed", operation, "late")));
        assert!(is_damaged(&vault.import("renewed", "late")));
        assert!(is_damaged(&vault.cancel("renewed")));
        assert!(is_damaged(&vault.forget("renewed")));
        assert!(is_damaged(&vault.update(super::update("renewed"))));
        assert!(is_damaged(&vault.delete("renewed")));
        assert!(is_damaged(&vault.backup_of::<Certificate>("renewed")));
    }
}

/// Heads of one kind in the place of another's, and of one certificate in the place of another's.
#[test]
fn records_swapped_between_kinds_or_certificates_are_refused() {
    let mut vault = filled();
    let kinds = [ObjectKind::Certificates, ObjectKind::Keys, ObjectKind::Secrets];
    let places = kinds.map(|kind| key::live(kind, &name("issued")));
    let other = kinds.map(|kind| key::live(kind, &name("renewed")));
    let snapshot = vault.0.store.snapshot().unwrap();
    let value = |place: &Key| snapshot.get(place).unwrap().unwrap();
    for place in &places {
        for from in places.iter().chain(&other).filter(|from| *from != place) {
            overwrite(&mut vault, [(place.clone(), value(from))]);
            let refused = [
                is_damaged(&vault.get("issued")),
                is_damaged(&vault.key("issued")),
                is_damaged(&vault.secret("issued")),
            ];
            assert!(refused.contains(&true), "{from:?} at {place:?}");
            assert!(vault.0.scrub(EVERY_KIND).is_err());
            overwrite(&mut vault, [(place.clone(), value(place))]);
        }
    }
    vault.0.scrub(EVERY_KIND).unwrap();
}

/// The sum over all records shows a missing one at the scrub; a change of the certificate does not wait for that.
#[test]
fn a_certificate_whose_key_or_secret_is_missing_is_damaged_and_gets_no_version_without() {
    fn try_it<K: Tasks>() {
        let mut vault = filled();
        let operation = vault.get("renewed").unwrap().object.operation.unwrap().id;
        let mut all: BTreeMap<Key, Value> = records(&vault).into_iter().collect();
        all.remove(&key::live(K::KIND, &name("renewed"))).unwrap();
        let generation = vault.0.store.snapshot().unwrap().generation();
        vault.0.store = Arc::new(MemoryStore::holding(generation, all));
        assert!(vault.0.scrub(EVERY_KIND).is_err());
        assert!(is_damaged(&vault.complete("renewed", operation, "late")));
        assert!(is_damaged(&vault.delete("renewed")));
        vault.forget("renewed").unwrap();
        assert!(is_damaged(&vault.import("renewed", "late")));
    }
    try_it::<CryptoKey>();
    try_it::<Secret>();
}

#[test]
fn every_flipped_byte_of_a_backup_is_refused() {
    let mut vault = filled();
    let blob = vault.backup_of::<Certificate>("issued").unwrap();
    vault.delete("issued").unwrap();
    vault.purge("issued").unwrap();
    for index in 0..blob.as_bytes().len() {
        let mut bytes = blob.as_bytes().to_vec();
        bytes[index] ^= 1 << (index % 8);
        let refused = vault.restore_of::<Certificate>(&strongroom_engine::BackupBlob::new(bytes));
        let is_malformed = matches!(refused, Err(ObjectError::MalformedBackup(_)));
        assert!(is_malformed, "byte {index}: {refused:?}");
    }
    for length in 0..blob.as_bytes().len() {
        let cut = strongroom_engine::BackupBlob::new(&blob.as_bytes()[..length]);
        let refused = vault.restore_of::<Certificate>(&cut).unwrap_err();
        assert!(
            matches!(refused, ObjectError::MalformedBackup(MalformedBackup::Corrupt)),
            "{length}"
        );
    }
    vault.restore_of::<Certificate>(&blob).unwrap();
}

#[test]
fn the_store_holds_no_private_part_in_plaintext_while_an_operation_is_in_progress_or_after_it() {
    let mut vault = Vault::new();
    let mut begin = crate::certificate::begin(&name("web"), "canary-of-a-key", vault.life());
    begin.tags = super::tags("canary-of-a-tag");
    let request = strongroom_engine::certificate::CertificateRequest::Begin(Box::new(begin));
    let operation = vault.ask(request).unwrap().object.operation.unwrap().id;
    let search = |vault: &Vault| {
        for (place, value) in records(vault) {
            let found = value.as_bytes().windows(7).any(|window| window == b"canary-");
            assert!(!found, "{place:?}");
        }
    };
    search(&vault);
    vault.complete("web", operation, "canary-der").unwrap();
    search(&vault);
    let blob = vault.backup_of::<Certificate>("web").unwrap();
    assert!(!blob.as_bytes().windows(7).any(|window| window == b"canary-"));
}
