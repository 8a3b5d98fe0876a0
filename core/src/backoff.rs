//! When to try again after failures: delays that double, spread by chance so that callers that failed together do not come
//! back together.
//!
//! Chance is a parameter, from 0 to 1, and the clock is the caller's: what is here is pure. Crates such as `backon` wait
//! and draw by themselves, and know of no server that asks for a delay of its own.

use std::time::Duration;

/// Delays that double from the first to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delays {
    /// The delay after one failure.
    pub first: Duration,
    /// The delay that none exceeds.
    pub longest: Duration,
}

impl Delays {
    /// The delay after `failures` in a row, not spread yet.
    pub fn after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

/// Delays and the failures so far.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    delays: Delays,
    failures: u32,
}

impl Backoff {
    /// No failure yet.
    pub const fn new(delays: Delays) -> Self {
        Self { delays, failures: 0 }
    }

    /// Counts a failure, and gives the delay after it, [spread](spread_below) by `chance`.
    pub fn after_failure(&mut self, chance: f64) -> Duration {
        self.failures = self.failures.saturating_add(1);
        spread_below(self.delays.after(self.failures), chance)
    }

    /// The failures since the last [`reset`](Self::reset).
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Forgets the failures, after a success.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A duration between half of `longest` and `longest`, by `chance` from 0 to 1.
pub fn spread_below(longest: Duration, chance: f64) -> Duration {
    longest.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

/// A duration between nine and eleven tenths of `middle`, by `chance` from 0 to 1.
pub fn spread_around(middle: Duration, chance: f64) -> Duration {
    middle.mul_f64(0.9 + chance.clamp(0.0, 1.0) / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAYS: Delays = Delays {
        first: Duration::from_millis(100),
        longest: Duration::from_secs(1),
    };

    #[test]
    fn delays_double_up_to_the_longest() {
        let delays: Vec<_> = (0..=6)
            .map(|failures| DELAYS.after(failures).as_millis())
            .collect();
        assert_eq!(delays, [100, 100, 200, 400, 800, 1000, 1000]);
        assert_eq!(DELAYS.after(u32::MAX), DELAYS.longest);
    }

    #[test]
    fn a_success_begins_anew() {
        let mut backoff = Backoff::new(DELAYS);
        assert_eq!(backoff.after_failure(1.0).as_millis(), 100);
        assert_eq!(backoff.after_failure(1.0).as_millis(), 200);
        assert_eq!(backoff.failures(), 2);
        backoff.reset();
        assert_eq!(backoff.after_failure(0.0).as_millis(), 50);
    }

    #[test]
    fn chance_spreads_within_the_bounds() {
        let second = Duration::from_secs(1);
        let bounds = |spread: fn(Duration, f64) -> Duration| {
            [-1.0, 0.0, 0.5, 1.0, 2.0].map(|chance| spread(second, chance).as_millis())
        };
        assert_eq!(bounds(spread_below), [500, 500, 750, 1000, 1000]);
        assert_eq!(bounds(spread_around), [900, 900, 1000, 1100, 1100]);
    }
}
