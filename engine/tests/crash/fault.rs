//! A disk that refuses one write, one sync or one change of length, and goes on as if nothing had been.

use std::collections::BTreeMap;

use strongroom_audit::SyncMode;
use strongroom_core::Timestamp;
use strongroom_engine::{Certificate, CryptoKey, Objects, ReadRequest, Secret, WriteError, every_name};

use crate::{
    certificates::{self, AskCertificate},
    disk::Disk,
    recording::{Place, new_disk},
    recovery::markers,
    sample::{Sample, Sealing},
    script::{self, Ask, NOW, runner::Runner},
};

/// Errors of a disk: it is broken, it is full.
const ERRORS: [i32; 2] = [
    rustix::io::Errno::IO.raw_os_error(),
    rustix::io::Errno::NOSPC.raw_os_error(),
];

/// A set of each name.
fn sets() -> Vec<Ask> {
    script::NAMES.iter().map(|name| Ask::Set(name, 2_000)).collect()
}

/// What makes versions of certificates in every way, and what deletes one.
fn changes_of_certificates() -> Vec<Ask> {
    use AskCertificate::{Begin, Complete, Delete, Import, Merge, Renew, Request, Update};
    let asks = [
        Import("web", 2_000),
        Begin("mail"),
        Complete("mail", 900),
        Renew("web"),
        Complete("web", 5_000),
        Request("never"),
        Merge("never", 900),
        Update("mail"),
        Import("mail", 5_000),
        Import("gone", 900),
        Delete("gone"),
    ];
    asks.into_iter().map(Ask::Certificate).collect()
}

/// Asks a vault on a disk whose event `fault` fails; none when there are fewer events.
fn run<K: Sample>(asks: &[Ask], fault: usize, error: i32) -> Option<usize> {
    let (place, disk) = (Place::new(SyncMode::Always), new_disk());
    let vault = place.open::<K>(&disk).unwrap();
    let started = disk.events().len();
    disk.fail(started + fault, error);
    let mut runner = Runner::<K>::new(vault.clone(), &place);
    let outcomes = runner.ask_each(asks);
    let events = disk.events().len() - started;
    check::<K>(&vault, &place, (asks, &outcomes), fault);
    drop((runner, vault));
    let vault = place.open::<K>(&Disk::of(disk.image())).unwrap();
    check::<K>(&vault, &place, (asks, &outcomes), fault);
    vault.scrub().unwrap();
    (fault < events).then_some(outcomes.values().filter(|outcome| outcome.is_err()).count())
}

/// What was said to be done is there, what was said not to be is not, and what is there has one record.
fn check<K: Sample>(
    vault: &Objects,
    place: &Place,
    (asks, outcomes): (&[Ask], &BTreeMap<u32, Result<(), WriteError>>),
    fault: usize,
) {
    let mut records = BTreeMap::new();
    for (marker, success) in markers(place) {
        // What was refused since what it needs failed was not done either.
        let is_refused = matches!(outcomes.get(&marker), Some(Err(WriteError::Object(_))));
        assert_eq!(success, !is_refused, "event {fault}: the record of {marker}");
        *records.entry(marker).or_insert(0) += i32::from(success);
    }
    for ((marker, outcome), ask) in outcomes.iter().zip(asks) {
        let is_there = is_done::<K>(vault, *ask, *marker);
        match outcome {
            Ok(()) => assert!(is_there, "event {fault}: {marker} is lost"),
            Err(WriteError::OutcomeUnknown) => {}
            Err(error) => assert!(!is_there, "event {fault}: {marker} is there after {error}"),
        }
        let count = records.get(marker).copied().unwrap_or(0);
        assert_eq!(
            count,
            i32::from(is_there),
            "event {fault}: records of {marker}, {outcome:?}"
        );
    }
}

/// Whether it is seen of the object that it was done. Of a certificate it is seen with its key and its secret or not at all.
fn is_done<K: Sample>(vault: &Objects, ask: Ask, marker: u32) -> bool {
    use AskCertificate::{Begin, Complete, Delete, Import, Merge, Renew, Request, Update};
    match ask {
        Ask::Set(name, _) => {
            let request = ReadRequest::Get {
                name: name.parse().unwrap(),
                version: None,
            };
            let found = script::shown(&vault.read::<K>(&request, Timestamp::from_unix(NOW), &every_name));
            found.contains(&format!("\"marker\": \"{marker}\""))
        }
        Ask::Certificate(
            Begin(name)
            | Request(name)
            | Renew(name)
            | Complete(name, _)
            | Merge(name, _)
            | Import(name, _)
            | Update(name),
        ) => {
            let seen = certificates::seen_of(vault, name);
            seen.values().any(|text| text.contains(&format!("-{marker}-")))
        }
        Ask::Certificate(Delete(name)) => {
            certificates::seen_of(vault, name);
            let request = ReadRequest::GetDeleted {
                name: name.parse().unwrap(),
            };
            let found = vault.read::<Certificate>(&request, Timestamp::from_unix(NOW), &every_name);
            found.is_ok()
        }
        other => panic!("nothing says whether it was done: {other:?}"),
    }
}

#[test]
fn a_disk_that_refuses_once_leaves_every_change_with_its_record_or_neither() {
    refuse_once::<Secret>(&sets());
}

#[test]
fn a_disk_that_refuses_once_leaves_every_change_of_a_key_with_its_record_or_neither() {
    refuse_once::<CryptoKey>(&sets());
}

#[test]
fn a_disk_that_refuses_once_leaves_every_change_of_another_kind_with_its_record_or_neither() {
    refuse_once::<Sealing>(&sets());
}

#[test]
fn a_disk_that_refuses_once_leaves_a_certificate_with_its_key_and_its_secret_or_none() {
    refuse_once::<Secret>(&changes_of_certificates());
}

fn refuse_once<K: Sample>(asks: &[Ask]) {
    let mut refused = 0;
    for error in ERRORS {
        let counts: Vec<_> = (0..).map_while(|fault| run::<K>(asks, fault, error)).collect();
        assert!(counts.len() > 30, "{counts:?}");
        refused += counts.iter().sum::<usize>();
    }
    assert!(refused > 10, "{refused}");
}
