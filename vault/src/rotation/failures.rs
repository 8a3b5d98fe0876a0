//! The objects of which something due could not be done, and when each is tried again.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use strongroom_core::{
    ObjectKind, ObjectName,
    backoff::{Backoff, Delays},
};

/// How long an object waits after it failed.
const DELAYS: Delays = Delays {
    first: Duration::from_secs(5),
    longest: Duration::from_mins(10),
};

/// How many objects are remembered. Others that fail are tried each time that a look comes to them.
const REMEMBERED: usize = 16 * 1024;

/// The objects that failed, each with when it is tried again. Pure: it is told the time.
#[derive(Debug, Default)]
pub(super) struct Failures {
    keys: HashMap<(ObjectKind, ObjectName), Failed>,
}

#[derive(Debug)]
struct Failed {
    backoff: Backoff,
    again: Instant,
}

impl Failures {
    /// Whether `key` is not to be tried yet.
    pub(super) fn waits(&self, key: &(ObjectKind, ObjectName), now: Instant) -> bool {
        self.keys.get(key).is_some_and(|failed| now < failed.again)
    }

    /// Notes that what is due of `key` could not be done; says whether that is remembered.
    pub(super) fn note(&mut self, key: &(ObjectKind, ObjectName), now: Instant) -> bool {
        if self.keys.len() >= REMEMBERED && !self.keys.contains_key(key) {
            // Also those that are gone, or were rotated by somebody else.
            self.keys.retain(|_, failed| now < failed.again);
            if self.keys.len() >= REMEMBERED {
                return false;
            }
        }
        let failed = self.keys.entry(key.clone()).or_insert_with(|| Failed {
            backoff: Backoff::new(DELAYS),
            again: now,
        });
        failed.again = now + failed.backoff.after_failure(1.0);
        true
    }

    /// Forgets `key`: it is not due any more.
    pub(super) fn forget(&mut self, key: &(ObjectKind, ObjectName)) {
        self.keys.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> (ObjectKind, ObjectName) {
        (ObjectKind::Keys, format!("k-{number}").parse().unwrap())
    }

    #[test]
    fn a_key_that_fails_waits_longer_each_time_and_no_other_waits_for_it() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!failures.waits(&key(1), at(0)));
        failures.note(&key(1), at(0));
        assert!(failures.waits(&key(1), at(4)) && !failures.waits(&key(1), at(5)));
        failures.note(&key(1), at(5));
        assert!(failures.waits(&key(1), at(14)) && !failures.waits(&key(1), at(15)));
        assert!(!failures.waits(&key(2), at(6)));
        for _ in 0..100 {
            failures.note(&key(1), at(20));
        }
        assert!(failures.waits(&key(1), at(619)) && !failures.waits(&key(1), at(620)));
        failures.forget(&key(1));
        assert!(!failures.waits(&key(1), at(21)));
        failures.note(&key(1), at(21));
        assert!(!failures.waits(&key(1), at(26)), "it begins anew");
    }

    #[test]
    fn what_is_remembered_is_bounded_and_makes_room_for_what_fails_later() {
        let (mut failures, start) = (Failures::default(), Instant::now());
        for number in 0..2 * REMEMBERED {
            failures.note(&key(number), start);
        }
        assert_eq!(failures.keys.len(), REMEMBERED);
        assert!(failures.waits(&key(0), start));
        assert!(!failures.waits(&key(REMEMBERED), start));
        failures.note(&key(REMEMBERED), start + Duration::from_secs(5));
        assert_eq!(failures.keys.len(), 1);
    }
}
