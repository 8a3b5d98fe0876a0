//! A disk that refuses one write, one sync or one change of length, and goes on as if nothing had been.

use std::collections::BTreeMap;

use strongroom_audit::SyncMode;
use strongroom_core::Timestamp;
use strongroom_engine::{CryptoKey, Objects, ReadRequest, Secret, WriteError, every_name};

use crate::{
    disk::Disk,
    recording::{Place, new_disk},
    recovery::markers,
    sample::{Sample, Sealing},
    script::{self, NOW, Runner},
};

/// Errors of a disk: it is broken, it is full.
const ERRORS: [i32; 2] = [
    rustix::io::Errno::IO.raw_os_error(),
    rustix::io::Errno::NOSPC.raw_os_error(),
];

/// Sets objects on a disk whose event `fault` fails; none when there are fewer events.
fn run<K: Sample>(fault: usize, error: i32) -> Option<usize> {
    let (place, disk) = (Place::new(SyncMode::Always), new_disk());
    let vault = place.open::<K>(&disk).unwrap();
    let started = disk.events().len();
    disk.fail(started + fault, error);
    let mut runner = Runner::<K>::new(vault.clone(), &place);
    let outcomes: BTreeMap<u32, Result<(), WriteError>> = runner.set_each(&script::names());
    let events = disk.events().len() - started;
    check::<K>(&vault, &place, &outcomes, fault);
    drop((runner, vault));
    let vault = place.open::<K>(&Disk::of(disk.image())).unwrap();
    check::<K>(&vault, &place, &outcomes, fault);
    vault.scrub().unwrap();
    (fault < events).then_some(outcomes.values().filter(|outcome| outcome.is_err()).count())
}

/// What was said to be done is there, what was said not to be is not, and what is there has one record.
fn check<K: Sample>(
    vault: &Objects,
    place: &Place,
    outcomes: &BTreeMap<u32, Result<(), WriteError>>,
    fault: usize,
) {
    let mut records = BTreeMap::new();
    for (marker, success) in markers(place) {
        assert!(success);
        *records.entry(marker).or_insert(0) += 1;
    }
    let names = script::names();
    for (outcome, name) in outcomes.iter().zip(names.iter().cycle()) {
        let (marker, outcome) = outcome;
        let request = ReadRequest::Get {
            name: name.clone(),
            version: None,
        };
        let found = script::shown(&vault.read::<K>(&request, Timestamp::from_unix(NOW), &every_name));
        let is_there = found.contains(&format!("\"marker\": \"{marker}\""));
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

#[test]
fn a_disk_that_refuses_once_leaves_every_change_with_its_record_or_neither() {
    refuse_once::<Secret>();
}

#[test]
fn a_disk_that_refuses_once_leaves_every_change_of_a_key_with_its_record_or_neither() {
    refuse_once::<CryptoKey>();
}

#[test]
fn a_disk_that_refuses_once_leaves_every_change_of_another_kind_with_its_record_or_neither() {
    refuse_once::<Sealing>();
}

fn refuse_once<K: Sample>() {
    let mut refused = 0;
    for error in ERRORS {
        let counts: Vec<_> = (0..).map_while(|fault| run::<K>(fault, error)).collect();
        assert!(counts.len() > 30, "{counts:?}");
        refused += counts.iter().sum::<usize>();
    }
    assert!(refused > 10, "{refused}");
}
