//! Who may work now: the slots of a controller, shared out by namespace.
//!
//! A pass holds a slot while it waits for a vault, and a vault is a stranger: it may answer as slowly as it likes. So no
//! namespace has more than a share of the slots, and a vault that was slow is tried in slots apart, where it keeps only
//! the slow waiting. What waits for its share waits in line, and holds no slot.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How a vault has answered of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pace {
    /// In time, or it was not asked yet.
    Prompt,
    /// Not in time.
    Slow,
}

impl Pace {
    /// How many slots there are for it, and how many of them one namespace may have.
    const fn slots(self) -> (usize, usize) {
        match self {
            Self::Prompt => (32, 4),
            Self::Slow => (8, 1),
        }
    }
}

/// By namespace and pace.
type Shares = HashMap<(String, Pace), Weak<Semaphore>>;

/// The slots of one controller; a clone has the same.
#[derive(Debug, Clone)]
pub struct Slots {
    prompt: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    /// The shares of the namespaces that have a pass or wait for one.
    shares: Arc<Mutex<Shares>>,
}

/// A slot, until it is dropped.
#[derive(Debug)]
pub struct Slot {
    _share: Option<OwnedSemaphorePermit>,
    _slot: Option<OwnedSemaphorePermit>,
}

impl Default for Slots {
    fn default() -> Self {
        let all = |pace: Pace| Arc::new(Semaphore::new(pace.slots().0));
        Self {
            prompt: all(Pace::Prompt),
            slow: all(Pace::Slow),
            shares: Arc::default(),
        }
    }
}

impl Slots {
    /// Waits for a slot, first in the line of the namespace and then in that of all.
    pub async fn enter(&self, namespace: &str, pace: Pace) -> Slot {
        let share = self.share(namespace, pace).acquire_owned().await.ok();
        let all = match pace {
            Pace::Prompt => &self.prompt,
            Pace::Slow => &self.slow,
        };
        Slot {
            _share: share,
            _slot: Arc::clone(all).acquire_owned().await.ok(),
        }
    }

    fn share(&self, namespace: &str, pace: Pace) -> Arc<Semaphore> {
        let mut shares = self.shares.lock();
        let key = (namespace.to_owned(), pace);
        if let Some(share) = shares.get(&key).and_then(Weak::upgrade) {
            return share;
        }
        shares.retain(|_, share| share.strong_count() > 0);
        let share = Arc::new(Semaphore::new(pace.slots().1));
        shares.insert(key, Arc::downgrade(&share));
        share
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_namespace_that_holds_its_share_keeps_no_other_waiting() {
        let slots = Slots::default();
        let held: Vec<_> = (0..4)
            .map(|_| slots.enter("a", Pace::Prompt).now_or_never().unwrap())
            .collect();
        let waiting: Vec<_> = (0..100)
            .map(|_| Box::pin(slots.enter("a", Pace::Prompt)))
            .map(|mut waiting| {
                assert!((&mut waiting).now_or_never().is_none());
                waiting
            })
            .collect();
        let other = slots.enter("b", Pace::Prompt).now_or_never();
        assert!(other.is_some(), "28 slots are free");
        drop((held, other));
        for next in waiting.into_iter().take(4) {
            assert!(next.now_or_never().is_some(), "the first in line are the next");
        }
    }

    #[test]
    fn what_is_slow_keeps_only_the_slow_waiting() {
        let slots = Slots::default();
        let held: Vec<_> = (0..8)
            .map(|n| {
                let slot = slots.enter(&format!("ns-{n}"), Pace::Slow).now_or_never();
                slot.unwrap()
            })
            .collect();
        assert!(slots.enter("a", Pace::Slow).now_or_never().is_none());
        assert!(slots.enter("a", Pace::Prompt).now_or_never().is_some());
        assert!(slots.enter("ns-0", Pace::Prompt).now_or_never().is_some());
        drop(held);
        assert!(slots.enter("a", Pace::Slow).now_or_never().is_some());
        assert!(
            slots.shares.lock().len() <= 1,
            "shares that nobody has are forgotten"
        );
    }
}
