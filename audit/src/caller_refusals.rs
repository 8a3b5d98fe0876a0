//! Refused requests of known callers: the first of a caller and reason are written whole, the others are counted, and the
//! count is one record per interval.
//!
//! A caller needs no grant to be refused, so what it can make the log write must be little however fast it asks. The
//! interval is a second at first, and doubles up to ten minutes while the refusals go on.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;
use strongroom_core::{Principal, Uid};

use crate::{
    event::{Event, RefusedCaller},
    record::Outcome,
    time::Time,
};

/// How many of a caller that was at rest are written whole.
const WHOLE: u32 = 16;

const FIRST: Duration = Duration::from_secs(1);

const LONGEST: Duration = Duration::from_mins(10);

/// Tells apart a bounded number of callers and reasons; those beyond share one count per reason.
#[derive(Debug)]
pub struct CallerRefusals {
    keys: usize,
    intervals: Mutex<HashMap<Key, Interval>>,
}

/// A caller, and what it is refused with. No caller stands for those beyond the bound.
type Key = (Option<Uid>, Outcome);

#[derive(Debug)]
struct Interval {
    caller: Option<RefusedCaller>,
    since: SystemTime,
    length: Duration,
    /// How many more are written whole in it.
    whole: u32,
    /// Whether there was a refusal in it.
    is_used: bool,
    counted: u64,
}

/// A count to be written.
#[derive(Debug)]
pub struct Due {
    key: Key,
    count: u64,
    event: Event,
}

impl Due {
    /// What is to be written.
    pub const fn event(&self) -> &Event {
        &self.event
    }
}

impl CallerRefusals {
    /// Tells `keys` callers and reasons apart.
    pub fn new(keys: usize) -> Self {
        Self {
            keys,
            intervals: Mutex::default(),
        }
    }

    /// Whether a refusal of `caller` with `outcome` at `now` is to be written whole. Otherwise it is counted already.
    pub fn admit(&self, caller: &Principal, outcome: Outcome, now: SystemTime) -> bool {
        self.with(caller, outcome, now, |interval| {
            let is_whole = interval.whole > 0;
            interval.whole = interval.whole.saturating_sub(1);
            interval.counted = interval.counted.saturating_add(u64::from(!is_whole));
            is_whole
        })
    }

    /// Counts a refusal that was to be written whole and could not be.
    pub fn count(&self, caller: &Principal, outcome: Outcome, now: SystemTime) {
        self.with(caller, outcome, now, |interval| {
            interval.counted = interval.counted.saturating_add(1);
        });
    }

    /// The counts of the intervals that are over at `now`; of all, if `is_last`. Each is to be [settled](Self::settle)
    /// once it is written, and comes again otherwise.
    pub fn due(&self, now: SystemTime, is_last: bool) -> Vec<Due> {
        let mut due = Vec::new();
        self.intervals.lock().retain(|key, interval| {
            if !is_last && !interval.is_over(now) {
                return true;
            }
            if interval.counted > 0 {
                due.push(interval.due(key));
                return true;
            }
            let is_forgotten = !interval.is_used && interval.length == LONGEST;
            interval.follow(now);
            !is_forgotten
        });
        due
    }

    /// Notes that a count was written, and begins the next interval of its caller and reason.
    pub fn settle(&self, written: &Due, now: SystemTime) {
        if let Some(interval) = self.intervals.lock().get_mut(&written.key) {
            let later = interval.counted.saturating_sub(written.count);
            interval.follow(now);
            interval.counted = later;
        }
    }

    fn with<T>(
        &self,
        caller: &Principal,
        outcome: Outcome,
        now: SystemTime,
        change: impl FnOnce(&mut Interval) -> T,
    ) -> T {
        let mut intervals = self.intervals.lock();
        let mut key = (Some(caller.id().clone()), outcome);
        if intervals.len() >= self.keys && !intervals.contains_key(&key) {
            key.0 = None;
        }
        let interval = intervals.entry(key).or_insert_with_key(|(uid, _)| Interval {
            caller: uid.clone().map(|oid| RefusedCaller {
                oid,
                upn: caller.subject(),
            }),
            since: now,
            length: FIRST,
            whole: WHOLE,
            is_used: false,
            counted: 0,
        });
        interval.is_used = true;
        change(interval)
    }
}

impl Interval {
    /// Also over when the clock was set back.
    fn is_over(&self, now: SystemTime) -> bool {
        now.duration_since(self.since)
            .map_or(true, |passed| passed >= self.length)
    }

    fn due(&self, key: &Key) -> Due {
        Due {
            key: key.clone(),
            count: self.counted,
            event: Event::Refused {
                caller: self.caller.clone(),
                status: key.1.status,
                code: key.1.code.unwrap_or_default(),
                since: Time(self.since),
                count: self.counted,
            },
        }
    }

    /// Begins the next, longer one.
    fn follow(&mut self, now: SystemTime) {
        self.since = now;
        self.length = (self.length * 2).min(LONGEST);
        self.whole = self.whole.max(1);
        self.is_used = false;
        self.counted = 0;
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::ServiceAccount;

    use super::*;

    const DENIED: Outcome = Outcome::failure(403, "ForbiddenByPolicy");

    fn account(name: &str) -> Principal {
        Principal::ServiceAccount(ServiceAccount {
            name: format!("shop:{name}").parse().unwrap(),
            uid: format!("uid-{name}").parse().unwrap(),
            pod: None,
            node: None,
        })
    }

    /// How many records a flood of `seconds` makes, and how many refusals these tell of.
    fn flood(refusals: &CallerRefusals, seconds: u64) -> (u64, u64) {
        let (mut records, mut told) = (0, 0);
        for second in 0..seconds {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            for _ in 0..100 {
                let whole = u64::from(refusals.admit(&account("api"), DENIED, now));
                (records, told) = (records + whole, told + whole);
            }
            for due in refusals.due(now, second + 1 == seconds) {
                (records, told) = (records + 1, told + due.count);
                refusals.settle(&due, now);
            }
        }
        (records, told)
    }

    #[test]
    fn a_flood_makes_few_records_that_tell_of_all_of_it() {
        let (records, told) = flood(&CallerRefusals::new(10), 3600);
        assert_eq!(told, 360_000);
        assert!(records < 60, "{records}");
    }

    #[test]
    fn a_few_refusals_are_written_whole_and_then_forgotten() {
        let (refusals, start) = (CallerRefusals::new(10), SystemTime::UNIX_EPOCH);
        for _ in 0..WHOLE {
            assert!(refusals.admit(&account("api"), DENIED, start));
        }
        for minute in 0..60 {
            let now = start + Duration::from_mins(minute);
            assert!(refusals.due(now, false).is_empty());
        }
        assert!(refusals.intervals.lock().is_empty());
    }

    #[test]
    fn callers_beyond_the_bound_share_one_count_and_keep_none_of_the_others_out() {
        let (refusals, start) = (CallerRefusals::new(2), SystemTime::UNIX_EPOCH);
        for name in ["a", "b", "c", "d", "e"] {
            for _ in 0..100 {
                refusals.admit(&account(name), DENIED, start);
            }
        }
        let due = refusals.due(start + FIRST, false);
        assert_eq!(due.len(), 3);
        let told: u64 = due.iter().map(|due| due.count).sum();
        assert_eq!(told, 500 - 3 * u64::from(WHOLE));
    }

    #[test]
    fn a_count_that_is_not_written_comes_again() {
        let (refusals, start) = (CallerRefusals::new(2), SystemTime::UNIX_EPOCH);
        for _ in 0..20 {
            refusals.admit(&account("a"), DENIED, start);
        }
        let later = start + FIRST;
        assert_eq!(refusals.due(later, false).len(), 1);
        let again = refusals.due(later, false).pop().unwrap();
        assert_eq!(again.count, 4);
        refusals.settle(&again, later);
        assert!(refusals.due(later + LONGEST, false).is_empty());
    }
}
