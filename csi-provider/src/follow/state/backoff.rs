//! When to try again.

use std::time::Duration;

/// Doubling delays, half of each random, so that a node's volumes do not come at once.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// Delays from `first` to `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            failures: 0,
        }
    }

    /// Counts a failure and says how long to wait after it. `random` is from 0 to 1.
    pub fn fail(&mut self, random: f64) -> Duration {
        let delay = self
            .first
            .saturating_mul(1 << self.failures.min(16))
            .min(self.longest);
        self.failures = self.failures.saturating_add(1);
        delay.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
    }

    /// The failures in a row.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts from none again.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_to_the_longest_and_start_anew_after_success() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));
        let delays: Vec<_> = (0..4).map(|_| backoff.fail(1.0).as_millis()).collect();
        assert_eq!(delays, [100, 200, 350, 350]);
        backoff.reset();
        assert_eq!(backoff.fail(0.0).as_millis(), 50);
    }
}
