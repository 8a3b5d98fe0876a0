//! When something is done in the life of a version.

use super::*;

const BEGIN: u64 = 1_700_000_000;
const END: u64 = BEGIN + 100 * DAY;

fn version(begin: u64, end: Option<u64>) -> VersionFields<()> {
    let begin = Timestamp::from_unix(begin);
    VersionFields {
        own: (),
        enabled: true,
        not_before: Some(begin),
        expires: end.map(Timestamp::from_unix),
        created: begin,
        updated: begin,
        tags: Tags::new(),
    }
}

#[test]
fn it_is_done_after_the_part_of_the_life_or_the_days_before_its_end() {
    for (trigger, after) in [
        (Trigger::Percentage(80), 80),
        (Trigger::Percentage(1), 1),
        (Trigger::Percentage(99), 99),
        (Trigger::DaysBefore(30), 70),
        (Trigger::DaysBefore(100), 0),
    ] {
        let at = trigger.at(&version(BEGIN, Some(END))).unwrap();
        assert_eq!(at.unix(), BEGIN + after * DAY, "{trigger:?}");
    }
    // A version that lives shorter than its policy says is told of from the start.
    let at = Trigger::DaysBefore(200).at(&version(BEGIN, Some(END)));
    assert_eq!(at.unwrap().unix(), BEGIN - 100 * DAY);
    let of_its_seconds = Trigger::Percentage(80).at(&version(0, Some(1000)));
    assert_eq!(of_its_seconds.unwrap().unix(), 800);
}

#[test]
fn nothing_is_done_before_an_end_that_never_comes() {
    for trigger in [Trigger::Percentage(80), Trigger::DaysBefore(1)] {
        assert_eq!(trigger.at(&version(BEGIN, None)), None);
        assert_eq!(trigger.renewal(&version(BEGIN, None)), None);
    }
}

#[test]
fn a_version_that_says_not_when_it_begins_begins_when_it_was_made() {
    let made = VersionFields {
        not_before: None,
        ..version(BEGIN, Some(END))
    };
    let at = Trigger::Percentage(50).at(&made).unwrap();
    assert_eq!(at.unix(), BEGIN + 50 * DAY);
}

#[test]
fn no_times_overflow() {
    for begin in [0, 1, u64::MAX] {
        for end in [0, 1, u64::MAX] {
            let version = version(begin, Some(end));
            for hundredths in [1, 99] {
                let at = Trigger::Percentage(hundredths).at(&version).unwrap().unix();
                assert!(at >= begin && at <= begin.max(end), "{begin}, {end}: {at}");
            }
            for days in [0, 324, u32::MAX] {
                let at = Trigger::DaysBefore(days).at(&version).unwrap().unix();
                assert!(at <= end, "{begin}, {end}: {at}");
                let renewal = Trigger::DaysBefore(days).renewal(&version).unwrap().unix();
                assert!(renewal >= begin.min(end), "{begin}, {end}: {renewal}");
            }
        }
    }
}

#[test]
fn a_short_life_that_is_dated_back_is_never_due_as_soon_as_it_is_issued() {
    for life in [60, 3_600, 86_400] {
        let dated_back = (life / 10).min(600);
        for hundredths in 1..=99_u64 {
            let issued = VersionFields {
                created: Timestamp::from_unix(BEGIN + dated_back),
                ..version(BEGIN, Some(BEGIN + dated_back + life))
            };
            let renewal = Trigger::Percentage(hundredths.try_into().unwrap())
                .renewal(&issued)
                .unwrap()
                .unix();
            let after = renewal - (BEGIN + dated_back);
            let least = (life * hundredths / 100).max(30.min(life / 2));
            assert_eq!(after, least, "{hundredths} % of {life}");
        }
    }
    // What is imported when most of its life is over is due at once.
    let imported = VersionFields {
        created: Timestamp::from_unix(BEGIN + 90 * DAY),
        ..version(BEGIN, Some(END))
    };
    let renewal = Trigger::Percentage(80).renewal(&imported).unwrap().unix();
    assert_eq!(renewal, BEGIN + 80 * DAY);
}
