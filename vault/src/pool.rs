//! Room for work, bounded in the bytes that all of it may hold at once.
//!
//! A share is taken when the work can begin and is given back when it ends. Of a pool, one holder (an account, a source) has half at most, what it waits for included, or one piece of work of
//! any size. The others wait in the order in which they asked.

use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    pin,
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// The unit of a share, in bytes: what a semaphore counts fits 32 bits.
const UNIT: usize = 1024;

/// There was no room for as long as the pool's patience lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no room for this work now")]
pub struct NoRoom;

/// Bytes that several holders may hold at once.
#[derive(Debug)]
pub struct Pool<K: Eq + Hash + Clone> {
    room: Arc<Semaphore>,
    capacity: usize,
    patience: Duration,
    claims: Arc<Claims<K>>,
}

/// What each holder has or waits for.
#[derive(Debug)]
struct Claims<K: Eq + Hash + Clone> {
    most: usize,
    of: Mutex<HashMap<K, usize>>,
    released: Notify,
}

/// One claim, given up when dropped.
#[derive(Debug)]
struct Claim<K: Eq + Hash + Clone> {
    claims: Arc<Claims<K>>,
    holder: K,
    bytes: usize,
}

/// Room for one piece of work, given back when dropped.
#[derive(Debug)]
pub struct Share<K: Eq + Hash + Clone> {
    _room: OwnedSemaphorePermit,
    _claim: Claim<K>,
}

impl<K: Eq + Hash + Clone> Pool<K> {
    /// A pool of `capacity` bytes, in which work waits for `patience`.
    pub fn new(capacity: usize, patience: Duration) -> Self {
        let claims = Claims {
            most: capacity / 2,
            of: Mutex::default(),
            released: Notify::new(),
        };
        Self {
            room: Arc::new(Semaphore::new(capacity / UNIT)),
            capacity,
            patience,
            claims: Arc::new(claims),
        }
    }

    /// Room for work of `holder` that may hold `bytes`. Work that may hold more than the whole pool gets all of it.
    ///
    /// # Errors
    /// Where there is none for as long as the pool's patience lasts.
    pub async fn share(&self, holder: &K, bytes: usize) -> Result<Share<K>, NoRoom> {
        let bytes = bytes.min(self.capacity);
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let share = async {
            // Its own work first: what waits here is in nobody's way.
            let claim = self.claims.claim(holder, bytes).await;
            let room = Arc::clone(&self.room).acquire_many_owned(units).await.ok()?;
            Some(Share {
                _room: room,
                _claim: claim,
            })
        };
        timeout(self.patience, share).await.ok().flatten().ok_or(NoRoom)
    }
}

impl<K: Eq + Hash + Clone> Claims<K> {
    /// Waits until `holder` may have `bytes` more.
    async fn claim(self: &Arc<Self>, holder: &K, bytes: usize) -> Claim<K> {
        loop {
            let released = self.released.notified();
            pin!(released);
            released.as_mut().enable();
            if let Some(claim) = self.try_claim(holder, bytes) {
                return claim;
            }
            released.await;
        }
    }

    fn try_claim(self: &Arc<Self>, holder: &K, bytes: usize) -> Option<Claim<K>> {
        let mut of = self.of.lock();
        let held = of.get(holder).copied();
        let sum = held.unwrap_or_default().saturating_add(bytes);
        if held.is_some() && sum > self.most {
            return None;
        }
        of.insert(holder.clone(), sum);
        Some(Claim {
            claims: Arc::clone(self),
            holder: holder.clone(),
            bytes,
        })
    }
}

impl<K: Eq + Hash + Clone> Drop for Claim<K> {
    fn drop(&mut self) {
        let mut of = self.claims.of.lock();
        let left = of
            .get(&self.holder)
            .map_or(0, |held| held.saturating_sub(self.bytes));
        if left == 0 {
            of.remove(&self.holder);
        } else {
            of.insert(self.holder.clone(), left);
        }
        drop(of);
        self.claims.released.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEN: Duration = Duration::from_millis(20);
    const PATIENCE: Duration = Duration::from_secs(2);

    #[tokio::test]
    async fn shares_never_exceed_the_pool_and_come_back_when_dropped() {
        let pool = Pool::new(10 * UNIT, KEEN);
        let six = pool.share(&1, 6 * UNIT).await.unwrap();
        let four = pool.share(&2, 3 * UNIT + 1).await.unwrap();
        assert_eq!(pool.share(&3, 1).await.unwrap_err(), NoRoom);
        drop(four);
        assert!(pool.share(&3, 4 * UNIT).await.is_ok());
        assert_eq!(pool.share(&3, 5 * UNIT).await.unwrap_err(), NoRoom);
        drop(six);
        assert!(pool.share(&3, 10 * UNIT).await.is_ok());
    }

    #[tokio::test]
    async fn work_that_waits_gets_its_share_once_there_is_room() {
        let pool = Arc::new(Pool::new(10 * UNIT, PATIENCE));
        let all = pool.share(&1, 10 * UNIT).await.unwrap();
        // Also that of the same holder.
        for holder in [1, 2] {
            let waiting = tokio::spawn({
                let pool = Arc::clone(&pool);
                async move { pool.share(&holder, UNIT).await.map(drop) }
            });
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
            if holder == 2 {
                drop(all);
                assert_eq!(waiting.await.unwrap(), Ok(()));
                break;
            }
        }
    }

    #[tokio::test]
    async fn one_holder_leaves_half_of_the_pool_to_others_and_waits_in_nobodys_way() {
        let pool = Arc::new(Pool::new(10 * UNIT, PATIENCE));
        let mut greedy = Vec::new();
        for _ in 0..5 {
            greedy.push(pool.share(&1, UNIT).await.unwrap());
        }
        let waiting = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.share(&1, UNIT).await.map(drop) }
        });
        tokio::task::yield_now().await;
        let other = tokio::time::timeout(KEEN, pool.share(&2, 5 * UNIT))
            .await
            .unwrap()
            .unwrap();
        assert!(!waiting.is_finished());
        greedy.pop();
        assert_eq!(waiting.await.unwrap(), Ok(()));
        drop((greedy, other));
        assert!(pool.claims.of.lock().is_empty());
    }

    #[tokio::test]
    async fn work_larger_than_the_pool_gets_all_of_it() {
        let pool = Pool::new(10 * UNIT, KEEN);
        let all = pool.share(&1, usize::MAX).await.unwrap();
        assert!(pool.share(&2, UNIT).await.is_err());
        drop(all);
    }
}
