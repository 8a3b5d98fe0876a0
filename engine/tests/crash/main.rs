//! What a vault promises when the machine stops at any write to its disk.
//!
//! A script of requests runs through the vault's own writer over a disk in memory that keeps every write, every change of
//! length and every sync. The machine is then stopped after each of them: the disk holds what was synced, and of what
//! came after nothing, all, or some sectors of some writes. The vault is opened on each such disk and must hold every
//! acknowledged change whole, no other one half, and one audit record for each change that it holds.
//!
//! The audit log is a real file, which is cut to the length that it had at that moment.

// `cfg(test)` here tells clippy that these may unwrap and index as tests do.
#[cfg(test)]
mod author;
#[cfg(test)]
#[path = "../kinds/certificate.rs"]
mod certificate;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod fault;
#[cfg(test)]
mod long;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod recovery;
#[cfg(test)]
#[path = "../kinds/sample.rs"]
mod sample;
#[cfg(test)]
mod script;

use std::time::{Duration, Instant};

use disk::{Disk, Random};
use recording::{Place, Recording};
use recovery::Tally;
use sample::{Sample, Sealing};
use script::Step;
use strongroom_audit::SyncMode;
use strongroom_engine::{CryptoKey, Secret};

/// Images of some sectors of some writes, per moment.
const TORN: usize = 4;

#[test]
fn a_machine_that_stops_at_any_write_loses_nothing_acknowledged_and_keeps_nothing_half() {
    stop_at_any_write::<Secret>();
}

#[test]
fn a_machine_that_stops_at_any_write_loses_nothing_of_keys_either() {
    stop_at_any_write::<CryptoKey>();
}

#[test]
fn a_machine_that_stops_at_any_write_loses_nothing_of_another_kind_either() {
    stop_at_any_write::<Sealing>();
}

/// The objects of the vault's other kinds, that the script changes between, are keys.
#[test]
fn a_machine_that_stops_at_any_write_leaves_a_certificate_with_its_key_and_its_secret_or_none() {
    stop_at_any_write_of::<CryptoKey>(certificates::long());
}

#[test]
fn a_machine_that_stops_again_while_it_recovers_leaves_certificates_whole_too() {
    stop_again_while_recovering_from::<Secret>(certificates::short());
}

#[test]
fn records_about_certificates_that_the_log_loses_come_back_from_the_outbox_too() {
    lose_the_log_of::<Secret>(certificates::long());
}

#[test]
fn a_machine_that_stops_again_while_it_recovers_loses_nothing_either() {
    stop_again_while_recovering::<Secret>();
}

#[test]
fn a_machine_that_stops_again_while_it_recovers_loses_nothing_of_keys_either() {
    stop_again_while_recovering::<CryptoKey>();
}

#[test]
fn a_machine_that_stops_again_while_it_recovers_loses_nothing_of_another_kind_either() {
    stop_again_while_recovering::<Sealing>();
}

#[test]
fn records_that_the_log_loses_with_the_power_come_back_from_the_outbox() {
    lose_the_log::<Secret>();
}

#[test]
fn records_about_keys_that_the_log_loses_come_back_from_the_outbox_too() {
    lose_the_log::<CryptoKey>();
}

#[test]
fn records_about_another_kind_that_the_log_loses_come_back_from_the_outbox_too() {
    lose_the_log::<Sealing>();
}

#[test]
fn a_disk_that_forgets_what_it_synced_is_noticed() {
    forget_what_was_synced::<Secret>();
}

#[test]
fn a_disk_that_forgets_what_it_synced_of_keys_is_noticed_too() {
    forget_what_was_synced::<CryptoKey>();
}

#[test]
fn a_disk_that_forgets_what_it_synced_of_another_kind_is_noticed_too() {
    forget_what_was_synced::<Sealing>();
}

fn stop_at_any_write<K: Sample>() {
    stop_at_any_write_of::<K>(script::long());
}

fn stop_at_any_write_of<K: Sample>(script: Vec<Step>) {
    let began = Instant::now();
    let recording = Recording::<K>::of_new_vault(SyncMode::Always, script);
    let mut tally = Tally::default();
    let mut random = Random::new(0x5742_4f4e_4752_4f4f);
    for moment in recording.moments() {
        for image in moment.images(TORN, &mut random) {
            recovery::check(&recording, &moment, image, &mut tally);
        }
    }
    println!("{tally}, {:?}", began.elapsed());
    assert!(tally.moments > 200 && tally.recovered > 500, "{tally}");
    assert!(tally.next > 0, "some change is there before it was acknowledged");
}

fn stop_again_while_recovering<K: Sample>() {
    stop_again_while_recovering_from::<K>(script::short());
}

fn stop_again_while_recovering_from<K: Sample>(script: Vec<Step>) {
    let began = Instant::now();
    let recording = Recording::<K>::of_new_vault(SyncMode::Always, script);
    let mut tally = Tally::default();
    let mut random = Random::new(0x4d4f_4f52_474e_4f52);
    let moments = recording.moments().filter(|moment| moment.acknowledged.is_some());
    for moment in moments.step_by(3) {
        for image in moment.images(1, &mut random) {
            let place = Place::of(&moment);
            let again = Recording::<K>::on(&place, &Disk::of(image), script::one_more());
            for second in again.moments().step_by(2) {
                for image in second.images(1, &mut random) {
                    recovery::check(&again, &second, image, &mut tally);
                }
            }
        }
    }
    println!("{tally}, {:?}", began.elapsed());
    assert!(tally.recovered > 200, "{tally}");
}

fn lose_the_log<K: Sample>() {
    lose_the_log_of::<K>(script::long());
}

fn lose_the_log_of<K: Sample>(script: Vec<Step>) {
    // Nothing of the log is ever synced, so all of it may be lost that was appended after the start.
    let never = SyncMode::Within(Duration::from_hours(1));
    let recording = Recording::<K>::of_new_vault(never, script);
    let mut tally = Tally::default();
    let mut random = Random::new(0x4c4f_5354_4c4f_5354);
    for mut moment in recording.moments().filter(|moment| moment.acknowledged.is_some()) {
        moment.lose_audit(recording.audit_at_start(), &mut random);
        for image in moment.images(0, &mut random) {
            recovery::check(&recording, &moment, image, &mut tally);
        }
    }
    println!("{tally}");
    assert!(tally.recovered > 200, "{tally}");
}

#[cfg(test)]
fn forget_what_was_synced<K: Sample>() {
    let recording = Recording::<K>::of_new_vault(SyncMode::Always, script::short());
    let moments: Vec<_> = recording.moments().collect();
    let last = moments.last().unwrap();
    let older = moments
        .iter()
        .find(|moment| moment.acknowledged == Some(0))
        .unwrap();
    let check = |image: Vec<u8>| {
        std::panic::catch_unwind(|| recovery::check(&recording, last, image, &mut Tally::default())).is_ok()
    };
    let images = |moment: &recording::Moment| moment.images(0, &mut Random::new(1));
    assert!(check(images(last).remove(0)));
    assert!(!check(images(older).remove(0)));
}
