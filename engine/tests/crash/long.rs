//! A long script of a seed's choice, stopped everywhere; and stopped again, and once more, while the vault recovers.
//!
//! In small in every run of the tests. `make soak` runs it over 500 commits and reads the figures that it prints.

use std::{env, time::Instant};

use strongroom_audit::SyncMode;
use strongroom_engine::{CryptoKey, Secret};

use crate::{
    author::Author,
    disk::{Disk, Random},
    recording::{Place, Recording},
    recovery::{self, Tally},
    sample::{Sample, Sealing},
    script,
};

/// How much is tried.
struct Extent {
    author: Author,
    commits: usize,
    seed: u64,
    /// Images of some sectors of some writes, per moment.
    torn: usize,
    /// About how many moments of the script are followed into recoveries.
    followed: usize,
}

#[test]
fn a_script_of_a_seed_loses_nothing_wherever_it_stops_and_stops_again() {
    stop_everywhere::<Secret>(Extent {
        author: Author::of_objects(),
        commits: 12,
        seed: 1,
        torn: 1,
        followed: 3,
    });
}

#[test]
fn a_script_of_a_seed_about_keys_loses_nothing_wherever_it_stops_and_stops_again() {
    stop_everywhere::<CryptoKey>(Extent {
        author: Author::of_objects(),
        commits: 12,
        seed: 3,
        torn: 1,
        followed: 3,
    });
}

#[test]
fn a_script_of_a_seed_about_another_kind_loses_nothing_wherever_it_stops_and_stops_again() {
    stop_everywhere::<Sealing>(Extent {
        author: Author::of_objects(),
        commits: 12,
        seed: 2,
        torn: 1,
        followed: 3,
    });
}

#[test]
fn a_script_of_a_seed_about_certificates_leaves_each_whole_wherever_it_stops_and_stops_again() {
    stop_everywhere::<CryptoKey>(Extent {
        author: Author::of_certificates_too(),
        commits: 16,
        seed: 4,
        torn: 1,
        followed: 3,
    });
}

#[test]
#[ignore = "takes minutes: make soak runs it"]
fn a_long_script_of_a_seed_loses_nothing_wherever_it_stops_and_stops_again() {
    let number = |name: &str, otherwise| env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    stop_everywhere::<Secret>(Extent {
        author: Author::of_certificates_too(),
        commits: usize::try_from(number("STRONGROOM_SOAK_COMMITS", 500)).unwrap(),
        seed: number("STRONGROOM_SOAK_SEED", 1),
        torn: 3,
        followed: 120,
    });
}

fn stop_everywhere<K: Sample>(extent: Extent) {
    let began = Instant::now();
    let mut random = Random::new(extent.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let script = extent.author.write(extent.commits, &mut random);
    let recording = Recording::<K>::of_new_vault(SyncMode::Always, script);
    let states = &recording.states;
    let commits = states.last().unwrap().generation - states[0].generation;
    assert!(commits >= extent.commits as u64, "{commits}");
    let last = states.last().unwrap();
    // What is refused proves little; one request of each batch and of each sweep is.
    assert!(last.refusals.len() < last.changes.len(), "{last:?}");
    let every = recording.moments().count() / extent.followed;
    let (mut once, mut twice, mut thrice) = (Tally::default(), Tally::default(), Tally::default());
    for moment in recording.moments() {
        let is_followed = moment.number % every == 0 && moment.acknowledged.is_some();
        for (number, image) in moment.images(extent.torn, &mut random).into_iter().enumerate() {
            recovery::check(&recording, &moment, image.clone(), &mut once);
            if is_followed {
                let again = Recording::<K>::on(&Place::of(&moment), &Disk::of(image), script::one_more());
                stop_again(&again, number == 0, &mut random, (&mut twice, &mut thrice));
            }
        }
        if moment.number % 1000 == 999 {
            println!(
                "progress: {once}; again: {}, {}",
                twice.recovered, thrice.recovered
            );
        }
    }
    let figures = [
        ("commits", commits.to_string()),
        ("moments at which the disk stopped", once.moments.to_string()),
        ("disks recovered after one stop", once.recovered.to_string()),
        (
            "of these with a change that was not acknowledged yet",
            once.next.to_string(),
        ),
        (
            "after a second stop, in the recovery",
            twice.recovered.to_string(),
        ),
        (
            "after a third, in the recovery from the second",
            thrice.recovered.to_string(),
        ),
        ("seconds", began.elapsed().as_secs().to_string()),
    ];
    for (name, figure) in figures {
        println!("figure: {name}: {figure}");
    }
    assert!(once.recovered > 10 * extent.commits && once.next > 0, "{once}");
    assert!(
        twice.recovered > 100 && thrice.recovered > 100,
        "{twice}, {thrice}"
    );
}

/// Stops a recovery, and what came after it, everywhere; and some of the recoveries from that.
fn stop_again<K: Sample>(
    again: &Recording<K>,
    is_followed: bool,
    random: &mut Random,
    (twice, thrice): (&mut Tally, &mut Tally),
) {
    // Another moment each time.
    let followed = random.below(again.moments().count());
    for moment in again.moments() {
        for image in moment.images(1, random) {
            recovery::check(again, &moment, image.clone(), twice);
            if is_followed && moment.number == followed {
                let once_more = Recording::<K>::on(&Place::of(&moment), &Disk::of(image), script::one_more());
                for last in once_more.moments() {
                    for image in last.images(1, random) {
                        recovery::check(&once_more, &last, image, thrice);
                    }
                }
            }
        }
    }
}
