//! The memory of large bodies while they arrive, bounded in bytes.
//!
//! A body is charged for what has arrived of it. When the bytes are used up, the body whose client has sent nothing for
//! longest gives its bytes up, so that clients that stop sending keep out none that goes on.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    pin,
    sync::Notify,
    time::{Instant, timeout_at},
};

use super::outcome::Failure;

/// A little less than a sixth of the memory that the operator gives a vault unless its owner says otherwise: two of the
/// largest bodies.
const CAPACITY: usize = 40 * 1024 * 1024;

/// After how long without a byte a body may lose its place.
const STALL: Duration = Duration::from_millis(500);

/// How long a body waits for room.
const PATIENCE: Duration = Duration::from_secs(2);

/// The bodies that arrive.
#[derive(Debug)]
pub(super) struct Intake {
    capacity: usize,
    stall: Duration,
    patience: Duration,
    bodies: Mutex<Bodies>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Bodies {
    held: usize,
    next: u64,
    arriving: BTreeMap<u64, Arriving>,
}

#[derive(Debug)]
struct Arriving {
    bytes: usize,
    last_sent: Instant,
    /// Set until the body is whole or was revoked.
    revoke: Option<Arc<Notify>>,
}

/// The charge of one body, given back when dropped: it is to be dropped after the body's bytes.
#[derive(Debug)]
pub struct Charge {
    intake: Arc<Intake>,
    key: u64,
    revoked: Arc<Notify>,
}

impl Default for Intake {
    fn default() -> Self {
        Self::new(CAPACITY, STALL, PATIENCE)
    }
}

impl Intake {
    fn new(capacity: usize, stall: Duration, patience: Duration) -> Self {
        Self {
            capacity,
            stall,
            patience,
            bodies: Mutex::default(),
            freed: Notify::new(),
        }
    }

    /// The charge of a body of which nothing has arrived.
    pub(super) fn begin(self: &Arc<Self>) -> Charge {
        let revoked = Arc::new(Notify::new());
        let mut bodies = self.bodies.lock();
        let key = bodies.next;
        bodies.next = key.wrapping_add(1);
        bodies.arriving.insert(
            key,
            Arriving {
                bytes: 0,
                last_sent: Instant::now(),
                revoke: Some(Arc::clone(&revoked)),
            },
        );
        Charge {
            intake: Arc::clone(self),
            key,
            revoked,
        }
    }

    /// Charges the body `key` for `bytes` more. Where there is no room, takes it from the body that has waited for its
    /// client longest, and returns false.
    fn try_hold(&self, key: u64, bytes: usize) -> bool {
        let mut bodies = self.bodies.lock();
        let held = bodies.held.saturating_add(bytes);
        if held <= self.capacity {
            let Some(arriving) = bodies.arriving.get_mut(&key) else {
                return false;
            };
            arriving.bytes = arriving.bytes.saturating_add(bytes);
            arriving.last_sent = Instant::now();
            bodies.held = held;
            return true;
        }
        let others = bodies.arriving.iter_mut().filter(|(other, _)| **other != key);
        let stalled = others
            .map(|(_, arriving)| arriving)
            .filter(|arriving| arriving.revoke.is_some() && arriving.last_sent.elapsed() >= self.stall)
            .min_by_key(|arriving| arriving.last_sent);
        if let Some(revoke) = stalled.and_then(|arriving| arriving.revoke.take()) {
            revoke.notify_one();
        }
        false
    }
}

impl Charge {
    /// Charges `bytes` more that have arrived, once there is room for them.
    ///
    /// # Errors
    /// [`Failure::Busy`] where no room is found in time.
    pub async fn grow(&self, bytes: usize) -> Result<(), Failure> {
        let patience = Instant::now() + self.intake.patience;
        loop {
            let freed = self.intake.freed.notified();
            pin!(freed);
            freed.as_mut().enable();
            if self.intake.try_hold(self.key, bytes) {
                return Ok(());
            }
            let now = Instant::now();
            if now >= patience {
                return Err(Failure::Busy);
            }
            // Another body may have stalled meanwhile, even where none was freed.
            let _ = timeout_at(patience.min(now + self.intake.stall), freed).await;
        }
    }

    /// Waits until another body needs the bytes of this one more. The caller then drops it.
    pub async fn revoked(&self) {
        self.revoked.notified().await;
    }

    /// Notes that the body is whole: it waits for no client, and keeps its bytes.
    pub fn complete(&self) {
        if let Some(arriving) = self.intake.bodies.lock().arriving.get_mut(&self.key) {
            arriving.revoke = None;
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut bodies = self.intake.bodies.lock();
        if let Some(arriving) = bodies.arriving.remove(&self.key) {
            bodies.held = bodies.held.saturating_sub(arriving.bytes);
        }
        drop(bodies);
        self.intake.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intake(stall: Duration, patience: Duration) -> Arc<Intake> {
        Arc::new(Intake::new(10, stall, patience))
    }

    #[tokio::test]
    async fn bodies_never_hold_more_than_there_is() {
        let intake = intake(Duration::from_mins(1), Duration::ZERO);
        let (first, second) = (intake.begin(), intake.begin());
        assert_eq!(first.grow(6).await, Ok(()));
        assert_eq!(second.grow(4).await, Ok(()));
        assert_eq!(second.grow(1).await, Err(Failure::Busy));
        drop(first);
        assert_eq!(second.grow(6).await, Ok(()));
        assert_eq!(intake.bodies.lock().held, 10);
        drop(second);
        assert_eq!(intake.bodies.lock().held, 0);
    }

    #[tokio::test]
    async fn the_body_that_has_stalled_longest_makes_room() {
        let intake = intake(Duration::ZERO, Duration::from_secs(5));
        let (oldest, newer, whole) = (intake.begin(), intake.begin(), intake.begin());
        whole.grow(1).await.unwrap();
        whole.complete();
        oldest.grow(4).await.unwrap();
        newer.grow(5).await.unwrap();
        let next = intake.begin();
        let made = async {
            oldest.revoked().await;
            // Its bytes are counted until they are really gone.
            assert_eq!(intake.bodies.lock().held, 10);
            drop(oldest);
        };
        let made = tokio::time::timeout(Duration::from_secs(10), async {
            tokio::join!(next.grow(4), made).0
        });
        assert_eq!(made.await, Ok(Ok(())), "the oldest gives way");
        let revoked = tokio::time::timeout(Duration::from_millis(20), whole.revoked()).await;
        assert!(revoked.is_err(), "a whole body keeps its bytes");
    }

    #[tokio::test]
    async fn a_body_that_goes_on_keeps_its_place() {
        let intake = intake(Duration::from_mins(1), Duration::from_millis(20));
        let (active, next) = (intake.begin(), intake.begin());
        active.grow(10).await.unwrap();
        assert_eq!(next.grow(1).await, Err(Failure::Busy));
        assert_eq!(intake.bodies.lock().held, 10);
    }
}
