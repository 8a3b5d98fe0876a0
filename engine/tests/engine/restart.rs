//! First starts, restarts, lost and foreign parts, erasure.

use std::sync::Arc;

use strongroom_audit::{Log, LogConfig};
use strongroom_core::Timestamp;
use strongroom_engine::{
    Initialise, OpenError, Unsealed, WriteRequest, crypt::keyring::slots, store::MemoryStore,
};
use strongroom_testing::Directory;

use crate::{
    fixture::{DAY, name},
    running::{Running, audit_dir, options, redb, seal_key},
};

#[test]
fn everything_acknowledged_is_there_after_a_restart() {
    let running = Running::new();
    for index in 0..20 {
        running.set(&format!("s{index}"), &index.to_string()).unwrap();
    }
    running
        .vault
        .meta_put("bundle", Some(b"policy".to_vec()))
        .unwrap();
    let (id, anchor) = (running.vault.vault_id(), running.vault.anchor());
    let running = running.restart();
    assert_eq!(running.vault.vault_id(), id);
    assert_eq!(running.vault.anchor(), anchor);
    assert_eq!(
        running.vault.meta_get("bundle").unwrap().as_deref(),
        Some(b"policy".as_slice())
    );
    assert!((0..20).all(|index| running.value(&format!("s{index}")) == Some(index.to_string())));
    assert_eq!(running.vault.scrub().unwrap().heads, 20);
}

#[test]
fn an_empty_store_becomes_a_vault_only_where_that_is_allowed() {
    let directory = Directory::new();
    let store = Arc::new(MemoryStore::default());
    let open = |initialise, used_by| {
        let seal = seal_key(directory.path(), 1, used_by);
        Unsealed::open(
            options(directory.path(), initialise),
            Arc::clone(&store) as _,
            &*seal,
        )
    };
    assert!(matches!(
        open(Initialise::Refused, ""),
        Err(OpenError::EmptyStore)
    ));
    assert!(matches!(
        open(Initialise::Allowed, "some-vault"),
        Err(OpenError::LostStore { .. })
    ));
    assert!(!directory.path().join("keyring").exists());
    open(Initialise::Allowed, "").unwrap();
}

#[test]
fn a_first_start_that_was_interrupted_goes_on_with_its_keyring() {
    let directory = Directory::new();
    let open = || {
        let seal = seal_key(directory.path(), 1, "");
        Unsealed::open(
            options(directory.path(), Initialise::Allowed),
            Arc::new(MemoryStore::default()),
            &*seal,
        )
        .unwrap()
    };
    assert_eq!(open().vault_id(), open().vault_id());
}

#[test]
fn parts_of_different_vaults_are_refused() {
    let running = Running::new();
    let Running {
        directory,
        store,
        vault,
        log,
        ..
    } = running;
    let id = vault.vault_id().to_string();
    drop((vault, log, store));
    let open = |byte, used_by: &str| {
        let seal = seal_key(directory.path(), byte, used_by);
        Unsealed::open(
            options(directory.path(), Initialise::Allowed),
            redb(directory.path()),
            &*seal,
        )
    };
    assert!(
        matches!(open(2, ""), Err(OpenError::Keyring(_))),
        "another seal key"
    );
    assert!(matches!(
        open(1, "another-vault"),
        Err(OpenError::OtherVault { .. })
    ));
    open(1, &id).unwrap();
    let other = Running::new();
    std::fs::copy(
        other.directory.path().join("keyring"),
        directory.path().join("keyring"),
    )
    .unwrap();
    assert!(matches!(open(1, ""), Err(OpenError::OtherKeyring { .. })));
    std::fs::remove_file(directory.path().join("keyring")).unwrap();
    assert!(matches!(open(1, ""), Err(OpenError::KeyringMissing)));
}

#[test]
fn a_keyring_with_a_flipped_byte_is_refused() {
    let running = Running::new();
    let path = running.directory.path().join("keyring");
    let stored = std::fs::read(&path).unwrap();
    let seal = seal_key(running.directory.path(), 1, "");
    for index in 0..stored.len() {
        let mut flipped = stored.clone();
        flipped[index] ^= 1;
        assert!(slots::open(&*seal, &flipped).is_err(), "byte {index}");
    }
}

#[test]
fn audit_records_that_a_crash_left_in_the_store_reach_the_log_once() {
    let running = Running::new();
    running.set("db", "one").unwrap();
    running.set("db", "two").unwrap();
    let Running {
        store,
        vault,
        log,
        now,
        directory,
    } = running;
    let id = vault.vault_id().to_string();
    drop((vault, log));
    // As if the log had lost what it had not synced.
    std::fs::remove_dir_all(audit_dir(directory.path())).unwrap();
    let seal = seal_key(directory.path(), 1, "");
    let unsealed = Unsealed::open(
        options(directory.path(), Initialise::Refused),
        Arc::clone(&store),
        &*seal,
    )
    .unwrap();
    let log = Log::open(
        LogConfig::new(audit_dir(directory.path()), &id, "replica-0"),
        unsealed.audit_head(),
    )
    .unwrap();
    let log = Arc::new(log);
    let vault = unsealed.start(Arc::clone(&log)).unwrap();
    let running = Running {
        store,
        vault,
        log,
        now,
        directory,
    };
    let count = |running: &Running| {
        running
            .audited()
            .iter()
            .filter(|line| line.contains("RollbackAccepted"))
            .count()
    };
    let found = count(&running);
    assert!((1..=2).contains(&found), "{found}");
    let Running {
        store,
        vault,
        log,
        now,
        directory,
    } = running;
    drop((vault, log, store));
    let store = redb(directory.path());
    let running = Running {
        now,
        ..Running::start(directory, store, Initialise::Refused).unwrap()
    };
    assert_eq!(count(&running), found);
}

#[test]
fn a_purge_destroys_the_term_that_wrapped_the_seed_and_leaves_everything_else_readable() {
    let mut running = Running::new();
    for index in 0..30 {
        running.set(&format!("s{index}"), "kept").unwrap();
    }
    running.set("gone", "secret").unwrap();
    running.write(WriteRequest::Delete { name: name("s0") }).unwrap();
    running
        .write(WriteRequest::Delete { name: name("gone") })
        .unwrap();
    running.write(WriteRequest::Purge { name: name("gone") }).unwrap();
    assert!(running.vault.erasure_pending().unwrap().is_some());
    let keyring = running.directory.path().join("keyring");
    let before = std::fs::read(&keyring).unwrap();
    running.now = Timestamp::from_unix(running.now.unix() + DAY);
    for _ in 0..8 {
        running.sweep();
    }
    assert_eq!(running.vault.erasure_pending().unwrap(), None);
    assert_ne!(std::fs::read(&keyring).unwrap(), before);
    running.vault.scrub().unwrap();
    // The old keyring, put back, does not open what was wrapped anew: its term is another.
    let running = running.restart();
    assert_eq!(running.value("s1").as_deref(), Some("kept"));
    assert_eq!(running.vault.scrub().unwrap().heads, 30);
}

#[test]
fn an_erasure_that_a_restart_interrupts_is_finished_after_it() {
    let mut running = Running::new();
    for index in 0..5 {
        running.set(&format!("s{index}"), "kept").unwrap();
    }
    running.write(WriteRequest::Delete { name: name("s0") }).unwrap();
    running.write(WriteRequest::Purge { name: name("s0") }).unwrap();
    running.now = Timestamp::from_unix(running.now.unix() + DAY);
    for _ in 0..8 {
        running.sweep();
        running = running.restart();
        running.vault.scrub().unwrap();
    }
    for _ in 0..4 {
        running.sweep();
    }
    assert_eq!(running.vault.erasure_pending().unwrap(), None);
    running.vault.scrub().unwrap();
}
