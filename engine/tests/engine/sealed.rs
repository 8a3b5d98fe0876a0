//! Sealed records of the server's own: kept, hidden, and refused where a hand has been at them.

use std::sync::{Arc, mpsc};

use strongroom_engine::{
    Initialise, ObjectError, Objects, WriteError,
    format::key,
    store::{Key, MemoryStore, Store, Value},
};
use zeroize::Zeroizing;

use crate::running::{Running, entry};

const CONTACTS: &[u8] = b"ada@contoso.example";

fn put(vault: &Objects, name: &str, bytes: Option<&[u8]>) -> Result<(), WriteError> {
    let (done, outcome) = mpsc::channel();
    let done = Box::new(move |result| done.send(result).unwrap());
    let bytes = bytes.map(|bytes| Zeroizing::new(bytes.to_vec()));
    vault.sealed_submit(name, bytes, entry(7), done).unwrap();
    outcome.recv().unwrap()
}

fn got(vault: &Objects, name: &str) -> Option<Vec<u8>> {
    vault.sealed_get(name).unwrap().map(|bytes| bytes.to_vec())
}

fn records(store: &dyn Store) -> Vec<(Key, Value)> {
    let snapshot = store.snapshot().unwrap();
    snapshot.scan(&key::all(), None, usize::MAX).unwrap().records
}

#[test]
fn a_sealed_record_is_there_after_a_restart_and_gone_after_its_removal() {
    let running = Running::new();
    assert_eq!(got(&running.vault, "contacts"), None);
    put(&running.vault, "contacts", Some(CONTACTS)).unwrap();
    put(&running.vault, "issuers", Some(b"")).unwrap();
    let running = running.restart();
    assert_eq!(got(&running.vault, "contacts").as_deref(), Some(CONTACTS));
    assert_eq!(got(&running.vault, "issuers").as_deref(), Some(&b""[..]));
    running.vault.scrub().unwrap();
    put(&running.vault, "contacts", None).unwrap();
    let running = running.restart();
    assert_eq!(got(&running.vault, "contacts"), None);
    running.vault.scrub().unwrap();
}

#[test]
fn the_stores_reader_finds_no_sealed_record_in_it() {
    let running = Running::over(Arc::new(MemoryStore::default()));
    put(&running.vault, "contacts", Some(CONTACTS)).unwrap();
    running.vault.meta_put("open", Some(CONTACTS.to_vec())).unwrap();
    let holds = |(_, value): &&(Key, Value)| {
        let mut windows = value.as_bytes().windows(CONTACTS.len());
        windows.any(|window| window == CONTACTS)
    };
    let all = records(&*running.store);
    let shown: Vec<_> = all.iter().filter(holds).map(|(key, _)| key.clone()).collect();
    assert_eq!(shown, [key::meta("open")]);
}

#[test]
fn a_sealed_record_with_a_flipped_byte_or_in_the_place_of_another_is_refused() {
    let running = Running::over(Arc::new(MemoryStore::default()));
    for name in ["contacts", "issuers"] {
        put(&running.vault, name, Some(CONTACTS)).unwrap();
    }
    running.log.sync().unwrap();
    let (directory, store) = running.stop();
    let (generation, all) = (store.snapshot().unwrap().generation(), records(&*store));
    let place = key::sealed("contacts");
    let find = |wanted: &Key| {
        let found = all.iter().find(|(key, _)| key == wanted);
        found.unwrap().1.clone()
    };
    let mine = find(&place);
    let mut replaced: Vec<Value> = vec![find(&key::sealed("issuers"))];
    // Each byte of what is encrypted is tried where that is tested alone.
    for index in (0..mine.as_bytes().len()).step_by(16) {
        let mut bytes = mine.as_bytes().to_vec();
        bytes[index] ^= 1;
        replaced.push(Value::new(bytes));
    }
    let mut directory = Some(directory);
    for value in replaced {
        let held = all.iter().cloned().map(|(key, kept)| {
            let value = if key == place { value.clone() } else { kept };
            (key, value)
        });
        let store = Arc::new(MemoryStore::holding(generation, held));
        let opened = Running::start(directory.take().unwrap(), store, Initialise::Refused).unwrap();
        let read = opened.vault.sealed_get("contacts");
        assert!(matches!(read, Err(ObjectError::Corrupt { .. })), "{read:?}");
        assert_eq!(got(&opened.vault, "issuers").as_deref(), Some(CONTACTS));
        assert!(opened.vault.scrub().is_err());
        directory = Some(opened.stop().0);
    }
}
