//! Who fills a log: how much of it each key has written lately, and whether that is more than its share.
//!
//! The share of a key is what is still free: one that writes alone stops at half of the log, two at a third each, and who
//! has written less than is free never waits. So no one key can take all of the log, and there is no fixed share that
//! would lie idle (Choudhury and Hahne, "Dynamic queue length thresholds", 1998).

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// What each key has written within a window of time.
#[derive(Debug)]
pub struct Shares<K> {
    window: Duration,
    recent: Mutex<HashMap<K, Recent>>,
}

/// Bytes of the window that goes on, and of the one before it.
#[derive(Debug, Clone, Copy)]
struct Recent {
    began: Instant,
    bytes: u64,
    before: u64,
}

impl<K: Eq + Hash + Clone> Shares<K> {
    /// Counts what was written within `window`; nothing, if that is no time.
    pub fn new(window: Duration) -> Self {
        Self {
            window,
            recent: Mutex::default(),
        }
    }

    /// Counts `bytes` that `key` has written at `now`.
    pub fn charge(&self, key: &K, bytes: u64, now: Instant) {
        if self.window.is_zero() {
            return;
        }
        let mut recent = self.recent.lock();
        if let Some(known) = recent.get_mut(key) {
            *known = known.at(now, self.window);
            known.bytes = known.bytes.saturating_add(bytes);
        } else {
            let first = Recent {
                began: now,
                bytes,
                before: 0,
            };
            recent.insert(key.clone(), first);
        }
    }

    /// Whether `key` has written more than `free` bytes lately.
    pub fn exceeds(&self, key: &K, free: u64, now: Instant) -> bool {
        let recent = self.recent.lock();
        recent
            .get(key)
            .is_some_and(|recent| recent.at(now, self.window).sum(now, self.window) > free)
    }

    /// Forgets the keys that have written nothing lately. To be called every few seconds.
    pub fn forget_quiet(&self, now: Instant) {
        let mut recent = self.recent.lock();
        recent.retain(|_, recent| {
            *recent = recent.at(now, self.window);
            recent.bytes > 0 || recent.before > 0
        });
        recent.shrink_to_fit();
    }
}

impl Recent {
    /// The same at `now`, in the window that goes on then.
    fn at(self, now: Instant, window: Duration) -> Self {
        let passed = now.saturating_duration_since(self.began);
        if passed < window {
            return self;
        }
        let is_next = passed < window * 2;
        Self {
            began: if is_next { self.began + window } else { now },
            bytes: 0,
            before: if is_next { self.bytes } else { 0 },
        }
    }

    /// The bytes of this window, and the part of those before that is not yet a window old.
    fn sum(self, now: Instant, window: Duration) -> u64 {
        let left = window.saturating_sub(now.saturating_duration_since(self.began));
        let part = u128::from(self.before) * left.as_millis() / window.as_millis().max(1);
        self.bytes.saturating_add(u64::try_from(part).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(100);

    #[test]
    fn one_key_fills_half_and_another_still_has_room() {
        let (shares, now) = (Shares::new(WINDOW), Instant::now());
        let (all, mut written) = (1000_u64, 0_u64);
        while !shares.exceeds(&"noisy", all - written, now) {
            shares.charge(&"noisy", 10, now);
            written += 10;
        }
        assert!((500..=520).contains(&written), "{written}");
        shares.charge(&"quiet", 10, now);
        assert!(!shares.exceeds(&"quiet", all - written - 10, now));
    }

    #[test]
    fn what_was_written_a_window_ago_counts_no_more() {
        let (shares, start) = (Shares::new(WINDOW), Instant::now());
        shares.charge(&1, 100, start);
        assert!(shares.exceeds(&1, 99, start + Duration::from_secs(99)));
        assert!(!shares.exceeds(&1, 60, start + WINDOW + WINDOW / 2));
        assert!(!shares.exceeds(&1, 0, start + WINDOW * 2));
        shares.forget_quiet(start + WINDOW * 2);
        assert!(shares.recent.lock().is_empty());
    }
}
