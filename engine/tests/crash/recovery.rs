//! Opening a vault after a stop, and what must hold then.

use std::{collections::BTreeMap, fmt, fs};

use strongroom_audit::verify;

use crate::{
    disk::Disk,
    recording::{Moment, Place, Recording, State, seen},
    sample::Sample,
};

/// What was checked.
#[derive(Debug, Default)]
pub struct Tally {
    pub moments: usize,
    last: Option<usize>,
    /// Disks on which a vault was opened that had acknowledged something.
    pub recovered: usize,
    /// Of these, those that held the step after the last one acknowledged.
    pub next: usize,
    /// Disks of a vault that had not started yet.
    pub unborn: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            moments,
            recovered,
            next,
            unborn,
            ..
        } = self;
        write!(
            f,
            "{moments} moments: {recovered} disks recovered, {next} with the next step; {unborn} first starts"
        )
    }
}

/// Opens the vault on `image` as of `moment`, and checks everything.
pub fn check<K: Sample>(recording: &Recording<K>, moment: &Moment, image: Vec<u8>, tally: &mut Tally) {
    let number = moment.number;
    tally.moments += usize::from(tally.last.replace(number) != Some(number));
    let place = Place::of(moment);
    let opened = place.open::<K>(&Disk::of(image));
    // A recovery is not a step: what was acknowledged before it holds all along.
    let acknowledged = if recording.is_first {
        moment.acknowledged
    } else {
        moment.acknowledged.or(Some(0))
    };
    let Some(acknowledged) = acknowledged else {
        tally.unborn += 1;
        assert!(
            opened.is_ok(),
            "moment {number}: an interrupted first start: {:?}",
            opened.err()
        );
        return;
    };
    let vault = opened.unwrap_or_else(|error| panic!("moment {number}: {error}"));
    tally.recovered += 1;
    let generation = vault.snapshot().generation().0;
    let (before, after) = (
        &recording.states[acknowledged],
        recording.states.get(acknowledged + 1),
    );
    let state = if generation == before.generation {
        before
    } else {
        tally.next += 1;
        let fits = |state: &&State| state.generation == generation;
        after
            .filter(fits)
            .unwrap_or_else(|| panic!("moment {number}: generation {generation}"))
    };
    assert_eq!(seen::<K>(&vault), state.seen, "moment {number}");
    vault
        .scrub()
        .unwrap_or_else(|error| panic!("moment {number}: {error}"));
    drop(vault);
    check_audit(&place, (number, moment.audit_is_whole), state, (before, after));
}

fn check_audit(
    place: &Place,
    (number, keeps_refusals): (usize, bool),
    state: &State,
    (before, after): (&State, Option<&State>),
) {
    let report = verify(&place.audit_dir(), None).unwrap();
    assert!(report.is_intact(), "moment {number}: {report}");
    let mut counts = BTreeMap::new();
    for (marker, success) in markers(place) {
        *counts.entry(marker).or_insert(0) += 1;
        let state = if success { state } else { after.unwrap_or(before) };
        let expected = if success { &state.changes } else { &state.refusals };
        assert!(
            expected.contains(&marker),
            "moment {number}: a record of what was not done: {marker}"
        );
    }
    // A refusal leaves nothing behind that its record could be made again from.
    let refusals = if keeps_refusals {
        before.refusals.as_slice()
    } else {
        &[]
    };
    for marker in state.changes.iter().chain(refusals) {
        assert_eq!(
            counts.get(marker),
            Some(&1),
            "moment {number}: records of {marker}"
        );
    }
}

/// The markers of the requests in a log, and whether each was done.
pub fn markers(place: &Place) -> Vec<(u32, bool)> {
    let text = fs::read_to_string(place.audit_file()).unwrap_or_default();
    let records = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let marker = |record: serde_json::Value| {
        let digits = record["correlationId"].as_str()?.get(..8)?.to_owned();
        Some((
            u32::from_str_radix(&digits, 16).unwrap(),
            record["resultType"] == "Success",
        ))
    };
    records.filter_map(marker).collect()
}
