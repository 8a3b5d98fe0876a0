//! Purges while others read.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
};

use strongroom_core::{Timestamp, Version};
use strongroom_engine::{
    Answer, ObjectError, Objects, PageRequest, ReadRequest, Secret, SecretValue, WriteRequest, every_name,
};

use crate::{
    fixture::{name, secret},
    running::Running,
};

/// Longer than the delay of an erasure.
const HOURS: u64 = 2 * 60 * 60;

/// What readers met.
#[derive(Default)]
struct Met {
    values: AtomicUsize,
    nothing: AtomicUsize,
}

/// Reads the secret in every way. Whatever happens to it meanwhile, each read gives a whole value or says that there is
/// none: no record that another step removed is missed.
fn read(vault: &Objects, now: Timestamp, version: Version, met: &Met) {
    let page = PageRequest::default();
    let requests = [
        ReadRequest::Get {
            name: name("a"),
            version: None,
        },
        ReadRequest::Get {
            name: name("a"),
            version: Some(version),
        },
        ReadRequest::Backup { name: name("a") },
        ReadRequest::GetDeleted { name: name("a") },
        ReadRequest::ListVersions {
            name: name("a"),
            page: page.clone(),
        },
        ReadRequest::List { page: page.clone() },
        ReadRequest::ListDeleted { page },
    ];
    for request in requests {
        match vault.read::<Secret>(&request, now, &every_name) {
            Ok(Answer::Object(bundle)) => {
                let value = bundle.content.as_ref().map(SecretValue::expose);
                assert!(
                    value.is_none_or(|value| value.len() == 2_000),
                    "a part of a value"
                );
                met.values.fetch_add(1, Relaxed);
            }
            Ok(Answer::Backup(_) | Answer::Page(_)) => {}
            Err(ObjectError::NotFound { .. } | ObjectError::DeletedNotFound { .. }) => {
                met.nothing.fetch_add(1, Relaxed);
            }
            other => panic!("{request:?}: {other:?}"),
        }
    }
}

#[test]
fn a_read_beside_a_purge_gives_a_whole_value_or_none() {
    let mut running = Running::new();
    let (stop, met) = (AtomicBool::new(false), Met::default());
    for round in 0..20 {
        let first = secret(
            running
                .write(crate::fixture::set_request("a", &"1".repeat(2_000)))
                .unwrap(),
        );
        for n in 2..5 {
            running.set("a", &n.to_string().repeat(2_000)).unwrap();
        }
        stop.store(false, Relaxed);
        let (vault, now) = (running.vault.clone(), running.now);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        read(&vault, now, first.version, &met);
                    }
                });
            }
            running.write(WriteRequest::Delete { name: name("a") }).unwrap();
            running.write(WriteRequest::Purge { name: name("a") }).unwrap();
            running.now = Timestamp::from_unix(running.now.unix() + HOURS);
            // The versions are removed, then the seeds wrapped anew and the old keys destroyed.
            for _ in 0..6 {
                running.sweep();
            }
            stop.store(true, Relaxed);
        });
        assert_eq!(running.vault.erasure_pending().unwrap(), None, "round {round}");
    }
    running.vault.scrub().unwrap();
    let (values, nothing) = (met.values.into_inner(), met.nothing.into_inner());
    assert!(values > 0 && nothing > 0, "{values} {nothing}");
}
