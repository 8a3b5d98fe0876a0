//! An attacker who writes the vault's volume between two starts, and has no seal key.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;
use strongroom_engine::{
    format::{codec::Encoder, id::VaultId, key},
    store::Key,
};
use strongroom_testing::{
    HostileDisk,
    signing_key::uid,
    vault::{ALL, Files, Vault, allow},
};

/// A vault that served and stopped: `team-a/admin` set a secret, and may read it.
async fn stopped() -> (Arc<Files>, HostileDisk) {
    let vault = Vault::start().await;
    vault.set("db", "the value").await;
    let Vault { running, files, .. } = vault;
    assert!(running.stop().await);
    let disk = HostileDisk::of(&files.path("data"));
    (files, disk)
}

/// Why the vault does not start.
fn refusal(files: &Files) -> String {
    let refused = files.try_run().map(drop).expect_err("the vault started");
    let mut error: &dyn std::error::Error = &refused;
    let mut text = error.to_string();
    while let Some(source) = error.source() {
        text = format!("{text}: {source}");
        error = source;
    }
    text
}

/// The record of a bundle that lets `team-a/intruder` read everything, as an older program would have written it.
fn unproved(vault: VaultId, bundle: &[u8]) -> Vec<u8> {
    let mut record = Encoder::record(*b"SRmt", vault);
    record.bytes(bundle);
    record.into_bytes()
}

/// The policy's bytes in the store, changed to let the intruder in, with the hash that fits.
fn forged(record: &[u8]) -> (VaultId, Vec<u8>) {
    let vault = VaultId::from_bytes(record[6..22].try_into().unwrap());
    // Behind the head and the length: a line of JSON with the hash, and the bundle; a proof of 32 bytes at the end.
    let content = std::str::from_utf8(&record[26..record.len() - 32]).unwrap();
    let (line, bundle) = content.split_once('\n').unwrap();
    let bundle = bundle.replace(&uid("team-a/admin"), &uid("team-a/intruder"));
    let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
    let hash = strongroom_audit::Hash::of(bundle.as_bytes()).to_string();
    line["record"]["policy"]["hash"] = json!(hash);
    (vault, format!("{line}\n{bundle}").into_bytes())
}

#[tokio::test]
async fn a_policy_that_was_written_without_the_vaults_key_is_not_enforced() {
    let (files, disk) = stopped().await;
    let place = key::meta("policy/bundle");
    let genuine = disk.records().remove(place.as_bytes()).unwrap();
    let (vault, content) = forged(&genuine);
    // As an older program wrote it, and with the proof of the genuine one behind it.
    let older = unproved(vault, &content);
    let mut proved = Encoder::record_of_format(*b"SRmt", 2, vault);
    proved.bytes(&content);
    let proved = [&proved.into_bytes(), &genuine[genuine.len() - 32..]].concat();
    for record in [older, proved] {
        disk.write(&place, Some(&record));
        assert!(refusal(&files).contains("policy/bundle"), "{}", refusal(&files));
    }
    disk.write(&place, Some(&genuine));
    let vault = Vault::open(files).await;
    assert_eq!(vault.get("/secrets/db").await.body["value"], "the value");
}

#[tokio::test]
async fn a_policy_that_was_dropped_from_the_store_leaves_the_vault_closed() {
    let (files, disk) = stopped().await;
    disk.write(&key::meta("policy/bundle"), None);
    let vault = Vault::open(files).await;
    let answer = vault.get("/secrets/db").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
}

#[tokio::test]
async fn a_store_whose_generation_was_raised_is_not_opened() {
    let (files, disk) = stopped().await;
    let copy = disk.copy();
    disk.set_generation(disk.generation() + 1000);
    assert!(refusal(&files).contains("generation"), "{}", refusal(&files));
    disk.put_back(&copy);
    assert_eq!(
        Vault::open(files).await.get("/secrets/db").await.body["value"],
        "the value"
    );
}

#[tokio::test]
async fn an_audit_record_that_was_planted_in_the_store_does_not_reach_the_log() {
    let (files, disk) = stopped().await;
    let (mut place, genuine) = disk
        .records()
        .into_iter()
        .find(|(key, _)| key.first() == Some(&b'o'))
        .expect("a record on its way");
    // The same record once more, as that of a later commit.
    place.pop();
    place.push(9);
    disk.write(&Key::new(place), Some(&genuine));
    assert!(refusal(&files).contains("audit record"), "{}", refusal(&files));
}

#[tokio::test]
async fn an_older_policy_that_is_put_back_shows_to_the_scrub() {
    let (files, disk) = stopped().await;
    let place = key::meta("policy/bundle");
    let older = disk.records().remove(place.as_bytes()).unwrap();
    let vault = Vault::open(Arc::clone(&files)).await;
    vault
        .policy(2, vec![allow("others", "team-a/other", &["*"], ALL)])
        .await;
    assert!(vault.running.stop().await);
    disk.write(&place, Some(&older));
    let running = files.run();
    let objects = running.service().objects.clone();
    assert!(objects.scrub().is_err());
}
