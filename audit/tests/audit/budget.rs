//! What each class of records, and what is too young to go, keeps of the log.

use std::time::Duration;

use strongroom_audit::{AppendError, Class, verify};

use crate::fixture::{Bench, entry, within};

const SOON: Duration = Duration::from_secs(10);
const QUOTA: u64 = 1 << 20;

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.config = bench.config.with_quota(QUOTA);
    bench
}

#[test]
fn refusals_and_strangers_spend_their_own_budgets_and_push_nothing_else_out() {
    let bench = bench();
    let log = bench.open();
    let first = log.append(Class::Write, &entry()).unwrap();
    for (class, most) in [(Class::Refusal, QUOTA / 16), (Class::Unauthenticated, QUOTA / 64)] {
        let before = log.usage().bytes;
        let kept = (0..5_000).filter(|_| log.append(class, &entry()).is_ok()).count();
        let spent = log.append(class, &entry()).unwrap_err();
        assert!(
            matches!(spent, AppendError::BudgetSpent(of) if of == class),
            "{spent}"
        );
        assert!(
            kept > 5 && log.usage().bytes - before <= most,
            "{kept} of {class:?}"
        );
    }
    for class in [Class::Read, Class::Write, Class::Administration] {
        log.append(class, &entry()).unwrap();
    }
    assert_eq!(log.usage().refused, 0, "what is to be counted is not lost");
    assert_eq!(log.problem(), None);
    let written = format!("\"sequence\":{},", first.sequence);
    assert!(bench.lines().iter().any(|line| line.contains(&written)));
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(report.is_intact(), "{report}");
}

#[test]
fn what_is_younger_than_the_least_age_makes_room_for_nothing() {
    let bench = bench();
    let log = bench.open();
    log.append(Class::Write, &entry()).unwrap();
    while log.append(Class::Read, &entry()).is_ok() {}
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(bench.records("retention").len(), 0);
    assert_eq!(log.usage().removable, 0);
    assert!(log.room() < 4_096, "{}", log.room());
    assert!(matches!(
        log.append(Class::Read, &entry()),
        Err(AppendError::QuotaReached { .. })
    ));
}

#[test]
fn what_is_removed_to_make_room_before_its_time_is_told() {
    let mut bench = bench();
    bench.config.retention.least_age = Duration::from_millis(200);
    let log = bench.open();
    while log.append(Class::Read, &entry()).is_ok() {}
    within(SOON, || log.usage().removed_early > 0);
    within(SOON, || log.append(Class::Read, &entry()).is_ok());
    let removals = bench.records("retention");
    let properties = &removals[0]["properties"];
    assert!(properties["early"].as_u64().unwrap() > 0);
    assert_eq!(properties["early"], properties["bytes"]);
    // What may go counts as free, once it is old enough.
    within(SOON, || log.room() > QUOTA / 2);
    let report = verify(bench.dir(), Some(log.head())).unwrap();
    assert!(report.is_intact(), "{report}");
}
