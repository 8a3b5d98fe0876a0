//! When to try again.

use std::time::Duration;

use tokio::time::Instant;

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

    /// Counts a failure and says when to try again. `random` is from 0 to 1.
    pub fn after_failure(&mut self, now: Instant, random: f64) -> Instant {
        let delay = self
            .first
            .saturating_mul(1 << self.failures.min(16))
            .min(self.longest);
        self.failures = self.failures.saturating_add(1);
        now + delay.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
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

/// A number from 0 to 1 that differs from process to process and call to call; good for spreading, for nothing else.
pub fn random() -> f64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    f64::from(u32::try_from(high >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_to_the_longest_and_start_anew_after_success() {
        let now = Instant::now();
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));
        let delays: Vec<_> = (0..4)
            .map(|_| (backoff.after_failure(now, 1.0) - now).as_millis())
            .collect();
        assert_eq!(delays, [100, 200, 350, 350]);
        backoff.reset();
        assert_eq!((backoff.after_failure(now, 0.0) - now).as_millis(), 50);
        assert!((0.0..=1.0).contains(&random()));
    }
}
