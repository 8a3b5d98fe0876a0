//! Purges while others read.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
};

use strongroom_core::{Timestamp, Version};
use strongroom_engine::{
    CryptoKey, ObjectError, Objects, PageRequest, ReadRequest, Secret, SoftDelete, every_name,
    object::{
        answer::{Answer, Bundle},
        request::WriteRequest,
    },
};

use crate::{
    fixture::{name, object, set_of},
    running::Running,
    sample::Sample,
};

/// Longer than the delay of an erasure.
const HOURS: u64 = 2 * 60 * 60;

/// How long the content of each version is.
const LENGTH: usize = 2_000;

/// What readers met.
#[derive(Default)]
struct Met {
    contents: AtomicUsize,
    nothing: AtomicUsize,
}

impl Met {
    /// Whatever happens to an object meanwhile, each read gives whole content or says that there is none: no record that
    /// another step removed is missed.
    fn judge<K: Sample>(&self, answer: Result<Answer<K>, ObjectError>) {
        match answer {
            Ok(Answer::Object(bundle)) => {
                if let Some(content) = &bundle.content {
                    assert_eq!(K::text(content).len(), LENGTH, "a part of the content");
                    self.contents.fetch_add(1, Relaxed);
                }
            }
            Ok(Answer::Backup(_) | Answer::Page(_)) => {}
            Err(ObjectError::NotFound { .. } | ObjectError::DeletedNotFound { .. }) => {
                self.nothing.fetch_add(1, Relaxed);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Reads the object in every way, and as the vault reads what it uses by itself.
fn read<K: Sample>(vault: &Objects, now: Timestamp, version: Version, met: &Met) {
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
        met.judge(vault.read::<K>(&request, now, &every_name));
    }
    for version in [None, Some(&version)] {
        let open = |_, bundle: Bundle<K>| Answer::Object(Box::new(bundle));
        met.judge(vault.open(&name("a"), version, |_| None, open));
    }
}

#[test]
fn a_read_beside_a_purge_gives_a_whole_value_or_none() {
    read_beside_purges::<Secret>();
}

#[test]
fn a_use_of_a_key_beside_a_purge_has_the_whole_key_or_none() {
    read_beside_purges::<CryptoKey>();
}

fn read_beside_purges<K: Sample>() {
    let mut running = Running::keeping(K::KINDS, SoftDelete::default());
    let (stop, met) = (AtomicBool::new(false), Met::default());
    for round in 0..20 {
        let set = |n: usize| {
            let content = n.to_string().repeat(LENGTH);
            object(running.write_of(set_of::<K>("a", &content)).unwrap()).version
        };
        let first = set(1);
        for n in 2..5 {
            set(n);
        }
        stop.store(false, Relaxed);
        let (vault, now) = (running.vault.clone(), running.now);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        read::<K>(&vault, now, first, &met);
                    }
                });
            }
            for request in [
                WriteRequest::<K>::Delete { name: name("a") },
                WriteRequest::Purge { name: name("a") },
            ] {
                running.write_of(request).unwrap();
            }
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
    let (contents, nothing) = (met.contents.into_inner(), met.nothing.into_inner());
    assert!(contents > 0 && nothing > 0, "{contents} {nothing}");
}
