//! The wall clock, which tests can move.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{sync::Notify, time::timeout};

/// The longest sleep without a look at the clock: it can be set while one sleeps.
const LONGEST_SLEEP: i64 = 60_000;

/// The system's clock, moved by an offset that all clones share.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset: Arc<AtomicI64>,
    moved: Arc<Notify>,
}

impl Clock {
    /// Seconds since 1970.
    pub fn now(&self) -> i64 {
        self.now_millis().div_euclid(1000)
    }

    /// Milliseconds since 1970.
    pub fn now_millis(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        now.saturating_add(self.offset.load(Ordering::Relaxed))
    }

    /// The time as the system has it.
    pub fn time(&self) -> SystemTime {
        let millis = u64::try_from(self.now_millis()).unwrap_or_default();
        UNIX_EPOCH
            .checked_add(Duration::from_millis(millis))
            .unwrap_or(UNIX_EPOCH)
    }

    /// Moves this clock and its clones by `seconds`.
    pub fn advance(&self, seconds: i64) {
        self.offset
            .fetch_add(seconds.saturating_mul(1000), Ordering::Relaxed);
        self.moved.notify_waiters();
    }

    /// Waits until the clock shows `at` seconds since 1970, also when it is moved there.
    pub async fn sleep_until(&self, at: i64) {
        loop {
            let moved = self.moved.notified();
            let left = at.saturating_mul(1000).saturating_sub(self.now_millis());
            let Ok(left @ 1..) = u64::try_from(left.min(LONGEST_SLEEP)) else {
                return;
            };
            let _ = timeout(Duration::from_millis(left), moved).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_moved_past_its_time() {
        let clock = Clock::default();
        clock.sleep_until(clock.now()).await;
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(clock.now() + 3600).await }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!sleeper.is_finished());
        clock.advance(3600);
        timeout(Duration::from_secs(5), sleeper).await.unwrap().unwrap();
    }

    #[test]
    fn clones_move_together() {
        let clock = Clock::default();
        let clone = clock.clone();
        let before = clone.now();
        clock.advance(3600);
        assert!((3600..3602).contains(&(clone.now() - before)));
    }
}
