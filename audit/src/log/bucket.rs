//! What a class of records may still take of its budget.

use std::time::{Duration, Instant};

use crate::config::Budget;

/// A bucket of bytes, full at the start.
#[derive(Debug)]
pub(super) struct Bucket {
    budget: Budget,
    left: u64,
    filled: Instant,
}

impl Bucket {
    pub(super) const fn new(budget: Budget, now: Instant) -> Self {
        Self {
            budget,
            left: budget.at_once,
            filled: now,
        }
    }

    /// Takes `bytes` if they are there at `now`.
    pub(super) fn take(&mut self, bytes: u64, now: Instant) -> bool {
        const DAY: u128 = Duration::from_hours(24).as_millis();
        let passed = now.saturating_duration_since(self.filled).as_millis();
        let come = u64::try_from(passed.saturating_mul(self.budget.per_day.into()) / DAY).unwrap_or(u64::MAX);
        if come > 0 {
            self.left = self.left.saturating_add(come).min(self.budget.at_once);
            self.filled = now;
        }
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_comes_back_with_time_and_never_beyond_the_bucket() {
        let day = Duration::from_hours(24);
        let start = Instant::now();
        let budget = Budget {
            at_once: 100,
            per_day: 50,
        };
        let mut bucket = Bucket::new(budget, start);
        assert!(bucket.take(100, start));
        assert!(!bucket.take(1, start));
        assert!(bucket.take(50, start + day));
        assert!(!bucket.take(1, start + day));
        assert!(!bucket.take(101, start + day * 100));
        assert!(bucket.take(100, start + day * 100));
    }
}
