//! How many requests one key may make: a source, an account.
//!
//! Each key has a bucket of tokens: a request takes one, time gives them back. What is kept for a key is one instant, that
//! at which its bucket is full again (the generic cell rate algorithm, ITU-T I.371): a key whose instant has passed is
//! one that was never seen, and is forgotten. The crate `governor` does the same with five further crates in versions
//! that nothing else uses.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Keys that are kept before those at rest are looked for.
const FEW: usize = 1_024;

/// A rate per key.
pub struct RateLimiter<K> {
    /// The time that gives one token back.
    interval: Duration,
    /// The time that fills an empty bucket.
    capacity: Duration,
    buckets: Mutex<Buckets<K>>,
}

#[derive(Debug)]
struct Buckets<K> {
    full_at: HashMap<K, Instant>,
    /// How many keys are kept before those at rest are forgotten: twice what was left of them the last time, so that
    /// forgetting costs each request a constant share.
    most: usize,
}

impl<K: Eq + Hash + Clone> RateLimiter<K> {
    /// Admits `per_second` requests of each key in the long run, and `at_once` of a key that was at rest.
    pub fn new(per_second: NonZeroU32, at_once: NonZeroU32) -> Self {
        let interval = Duration::from_secs(1) / per_second.get();
        Self {
            interval,
            capacity: interval.saturating_mul(at_once.get()),
            buckets: Mutex::new(Buckets {
                full_at: HashMap::new(),
                most: FEW,
            }),
        }
    }

    /// Counts one request of `key` at `now` where it is admitted.
    ///
    /// # Errors
    /// The time until the next request of `key` is admitted. A refused request is not counted.
    pub fn admit(&self, key: &K, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock();
        let known = buckets.full_at.get(key).copied();
        let wait = self.wait(known, now);
        if !wait.is_zero() {
            return Err(wait);
        }
        let full_at = self.next(known, now);
        match buckets.full_at.get_mut(key) {
            Some(at) => *at = full_at,
            None => buckets.insert(key.clone(), full_at, now),
        }
        Ok(())
    }

    /// Whether one more request of `key` would be admitted at `now`. Counts none.
    ///
    /// # Errors
    /// The time until the next request of `key` is admitted.
    pub fn check(&self, key: &K, now: Instant) -> Result<(), Duration> {
        let known = self.buckets.lock().full_at.get(key).copied();
        let wait = self.wait(known, now);
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }

    /// The time until a key whose bucket is full at `full_at` is admitted.
    fn wait(&self, full_at: Option<Instant>, now: Instant) -> Duration {
        self.next(full_at, now)
            .duration_since(now)
            .saturating_sub(self.capacity)
    }

    /// When the bucket is full again after one more request.
    fn next(&self, full_at: Option<Instant>, now: Instant) -> Instant {
        full_at.map_or(now, |at| at.max(now)) + self.interval
    }

    /// Forgets the keys that are at rest at `now`, and gives their memory back. Memory is bounded without it, by twice as
    /// many keys as were ever active together; calls from time to time bound it by those that are.
    pub fn forget_resting(&self, now: Instant) {
        let mut buckets = self.buckets.lock();
        buckets.forget_resting(now);
        buckets.full_at.shrink_to_fit();
    }

    /// How many keys are kept.
    pub fn len(&self) -> usize {
        self.buckets.lock().full_at.len()
    }

    /// Whether no key is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<K: Eq + Hash> Buckets<K> {
    fn insert(&mut self, key: K, full_at: Instant, now: Instant) {
        if self.full_at.len() >= self.most {
            self.forget_resting(now);
        }
        self.full_at.insert(key, full_at);
    }

    fn forget_resting(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        self.most = self.full_at.len().saturating_mul(2).max(FEW);
    }
}

impl<K> fmt::Debug for RateLimiter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("interval", &self.interval)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limiter(per_second: u32, at_once: u32) -> RateLimiter<u32> {
        RateLimiter::new(
            NonZeroU32::new(per_second).unwrap(),
            NonZeroU32::new(at_once).unwrap(),
        )
    }

    fn admitted(limiter: &RateLimiter<u32>, key: u32, now: Instant) -> usize {
        (0..10_000)
            .take_while(|_| limiter.admit(&key, now).is_ok())
            .count()
    }

    #[test]
    fn a_key_at_rest_makes_a_burst_and_then_its_rate() {
        let (limiter, start) = (limiter(10, 50), Instant::now());
        assert_eq!(admitted(&limiter, 1, start), 50);
        assert_eq!(limiter.admit(&1, start), Err(SECOND / 10));
        assert_eq!(admitted(&limiter, 1, start + SECOND / 10), 1);
        assert_eq!(admitted(&limiter, 1, start + SECOND), 9);
        assert_eq!(admitted(&limiter, 1, start + SECOND * 60), 50);
    }

    #[test]
    fn one_key_does_not_use_up_another() {
        let (limiter, now) = (limiter(1, 1), Instant::now());
        assert_eq!(limiter.admit(&1, now), Ok(()));
        assert_eq!(limiter.admit(&1, now), Err(SECOND));
        assert_eq!(limiter.admit(&2, now), Ok(()));
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let (limiter, start) = (limiter(1, 1), Instant::now());
        limiter.admit(&1, start).unwrap();
        for _ in 0..100 {
            limiter.admit(&1, start + SECOND / 2).unwrap_err();
        }
        assert_eq!(limiter.admit(&1, start + SECOND), Ok(()));
    }

    #[test]
    fn an_earlier_instant_is_no_error() {
        let (limiter, start) = (limiter(1, 2), Instant::now());
        limiter.admit(&1, start + SECOND).unwrap();
        assert_eq!(limiter.admit(&1, start), Err(SECOND));
    }

    #[test]
    fn keys_at_rest_are_forgotten_and_active_ones_are_not() {
        let (limiter, start) = (limiter(1, 2), Instant::now());
        for key in 0..10 {
            limiter.admit(&key, start).unwrap();
        }
        assert_eq!(admitted(&limiter, 0, start), 1);
        limiter.forget_resting(start + SECOND);
        assert_eq!(limiter.len(), 1);
        assert_eq!(admitted(&limiter, 0, start + SECOND), 1);
        limiter.forget_resting(start + SECOND * 3);
        assert!(limiter.is_empty());
    }

    #[test]
    fn keys_that_come_once_are_bounded_without_a_call() {
        let (limiter, start) = (limiter(1, 1), Instant::now());
        for key in 0..100_000 {
            limiter
                .admit(&key, start + Duration::from_millis(key.into()))
                .unwrap();
        }
        // A thousand keys are active in any second.
        assert!(limiter.len() <= 2 * FEW, "{}", limiter.len());
    }
}
