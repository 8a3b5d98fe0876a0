//! The time that the vault's objects live by: the clock's, as long as it is near where it should be.
//!
//! A deleted object is purged when its time has come, which nothing undoes. So a clock that is set wrong must not bring
//! that time: a vault reckons what time it should be, from the latest change in its store, or from when the operator
//! last had the same time, and from how long that is ago. It believes a clock within a day of that. Any other it does not
//! believe, whichever way it is off, until the operator has the same time: meanwhile it lives by what it reckons.
//!
//! The time never goes back by itself. What a clock that was believed gained is waited for; where it gained more than a
//! day, and the operator's clock says so, the time goes back.

use std::{sync::Arc, time::Instant};

use parking_lot::Mutex;
use strongroom_core::Timestamp;
use strongroom_engine::RequestTime;

use crate::clock::Clock;

/// How far the clock may be from what is reckoned, or from the operator's, in seconds: a day.
const BELIEVED: u64 = 24 * 60 * 60;

/// Keeps the time that the objects live by; clones keep the same.
#[derive(Debug, Clone)]
pub struct Timekeeper {
    clock: Clock,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug)]
struct Kept {
    reckoning: Reckoning,
    /// When the reckoning began, by a clock that only runs forward.
    since: Instant,
}

impl Kept {
    fn elapsed(&self) -> u64 {
        self.since.elapsed().as_secs()
    }
}

impl Timekeeper {
    /// A timekeeper of a vault whose latest change was at `changed`, if that is known.
    pub fn new(clock: Clock, changed: Option<Timestamp>) -> Self {
        let began = changed.unwrap_or_else(|| clock.time().into());
        let kept = Kept {
            reckoning: Reckoning::new(began),
            since: Instant::now(),
        };
        Self {
            clock,
            kept: Arc::new(Mutex::new(kept)),
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        let clock = self.clock.time().into();
        let mut kept = self.kept.lock();
        let elapsed = kept.elapsed();
        kept.reckoning.now(clock, elapsed)
    }

    /// The time of a request that changes something. What is deleted is kept as if the clock were right, even if it is not
    /// believed: the operator may have the same time yet.
    pub fn request_time(&self) -> RequestTime {
        let now = self.now();
        RequestTime {
            now,
            latest: now.max(self.clock.time().into()),
        }
    }

    /// Believes the clock, whatever was reckoned, if the operator's time is the same to a day. Answers whether it is.
    pub fn confirm(&self, operator: Timestamp) -> bool {
        let clock = self.clock.time().into();
        let mut kept = self.kept.lock();
        let is_same = kept.reckoning.confirm(clock, operator);
        if is_same {
            kept.since = Instant::now();
        }
        is_same
    }

    /// By how many seconds the clock is ahead of the time that the objects live by, if it is not believed.
    pub fn disbelieved(&self) -> Option<i64> {
        let clock: Timestamp = self.clock.time().into();
        let mut kept = self.kept.lock();
        let elapsed = kept.elapsed();
        if kept.reckoning.believes(clock, elapsed) {
            return None;
        }
        let now = kept.reckoning.now(clock, elapsed);
        let seconds = |time: Timestamp| i64::try_from(time.unix()).unwrap_or(i64::MAX);
        Some(seconds(clock).saturating_sub(seconds(now)))
    }

    /// What is wrong with the clock, as a sentence; none while it is believed.
    pub fn problem(&self) -> Option<String> {
        let ahead = self.disbelieved()?;
        let hours = ahead.unsigned_abs() / 3600;
        let way = if ahead < 0 { "behind" } else { "ahead of" };
        Some(format!(
            "the clock of the vault's node is {hours} hours {way} the time by which the vault purges deleted objects, and no operator has confirmed it"
        ))
    }
}

/// What time it should be. Pure: it is told what the clock shows, and how long ago it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reckoning {
    began: Timestamp,
    /// The latest time that was given.
    latest: Timestamp,
}

impl Reckoning {
    const fn new(began: Timestamp) -> Self {
        Self { began, latest: began }
    }

    const fn reckoned(&self, elapsed: u64) -> Timestamp {
        Timestamp::from_unix(self.began.unix().saturating_add(elapsed))
    }

    const fn believes(&self, clock: Timestamp, elapsed: u64) -> bool {
        are_near(clock, self.reckoned(elapsed))
    }

    fn now(&mut self, clock: Timestamp, elapsed: u64) -> Timestamp {
        let time = if self.believes(clock, elapsed) {
            clock
        } else {
            self.reckoned(elapsed)
        };
        self.latest = self.latest.max(time);
        self.latest
    }

    /// Begins anew with what the clock shows, if that is near the operator's time.
    fn confirm(&mut self, clock: Timestamp, operator: Timestamp) -> bool {
        if !are_near(clock, operator) {
            return false;
        }
        self.began = clock;
        if !are_near(self.latest, clock) {
            self.latest = clock;
        }
        true
    }
}

const fn are_near(one: Timestamp, other: Timestamp) -> bool {
    one.unix().abs_diff(other.unix()) <= BELIEVED
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 60 * 60;
    const DAY: u64 = 24 * HOUR;
    const START: u64 = 1_800_000_000;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(START + seconds)
    }

    #[test]
    fn a_clock_that_runs_is_believed_however_long() {
        let mut reckoning = Reckoning::new(at(0));
        for day in 0..1_000 {
            // It gains a minute each month.
            let clock = at(day * DAY + day * 2);
            assert_eq!(reckoning.now(clock, day * DAY), clock);
        }
    }

    #[test]
    fn a_jump_of_more_than_a_day_does_not_bring_the_time_until_the_operator_has_it_too() {
        let mut reckoning = Reckoning::new(at(0));
        assert_eq!(reckoning.now(at(DAY), 0), at(DAY));
        assert_eq!(
            reckoning.now(at(DAY + 1), 0),
            at(DAY),
            "it does not go back either"
        );
        assert_eq!(reckoning.now(at(100 * DAY), 2 * DAY), at(2 * DAY), "it runs on");
        assert!(!reckoning.confirm(at(100 * DAY), at(2 * DAY)));
        assert_eq!(reckoning.now(at(100 * DAY), 2 * DAY), at(2 * DAY));
        assert!(reckoning.confirm(at(100 * DAY), at(99 * DAY)));
        assert_eq!(reckoning.now(at(100 * DAY), 0), at(100 * DAY));
    }

    #[test]
    fn many_small_jumps_are_one_large_one() {
        let mut reckoning = Reckoning::new(at(0));
        let latest = (0..100).map(|n| reckoning.now(at(n * 20 * HOUR), n)).last();
        assert!(latest.unwrap() <= at(DAY + 100), "{latest:?}");
    }

    #[test]
    fn a_clock_that_goes_back_neither_takes_time_back_nor_stops_it() {
        let mut reckoning = Reckoning::new(at(10 * DAY));
        assert_eq!(reckoning.now(at(10 * DAY + HOUR), HOUR), at(10 * DAY + HOUR));
        // By minutes: waited for.
        assert_eq!(reckoning.now(at(10 * DAY), HOUR), at(10 * DAY + HOUR));
        // By years: not believed.
        assert_eq!(
            reckoning.now(Timestamp::from_unix(0), 30 * DAY),
            at(40 * DAY),
            "purges come when they should"
        );
    }

    #[test]
    fn a_time_that_was_far_too_late_goes_back_at_the_operators_word_alone() {
        let mut reckoning = Reckoning::new(at(3_650 * DAY));
        assert_eq!(reckoning.now(at(0), 10), at(3_650 * DAY + 10));
        assert!(!reckoning.confirm(at(0), at(3_650 * DAY)));
        assert!(reckoning.confirm(at(0), at(5)));
        assert_eq!(reckoning.now(at(1), 1), at(1));
    }

    #[test]
    fn a_vault_without_a_change_believes_its_clock() {
        let clock = Clock::default();
        let keeper = Timekeeper::new(clock.clone(), None);
        assert_eq!((keeper.disbelieved(), keeper.problem()), (None, None));
        let two_days = i64::try_from(2 * DAY).unwrap();
        clock.advance(two_days);
        let ahead = keeper.disbelieved().unwrap();
        assert!((two_days - 5..=two_days).contains(&ahead), "{ahead}");
        assert!(keeper.problem().unwrap().contains("hours ahead of"));
        assert!(keeper.confirm(clock.time().into()));
        assert_eq!(keeper.disbelieved(), None);
    }
}
