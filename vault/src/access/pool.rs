//! Room for heavy work, bounded in the bytes that it may hold at once: backups, restores and lists in one pool, large
//! answers that wait for their clients in another.
//!
//! A share is taken when the work can begin and is given back when it ends. Nothing that waits for a client holds room for
//! work: the body of a restore has arrived before its share is taken, and a backup has given its share back before the
//! client takes the answer. So a client that sends or reads slowly keeps no other client from work.
//!
//! Of each pool, one holder (an account, a source) has half at most, what it waits for included, or one piece of work of
//! any size. The others wait in the order in which they asked.

use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

use parking_lot::Mutex;
use strongroom_engine::ReadRequest;
use tokio::{
    pin,
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::outcome::Failure;

/// Three eighths of the memory that the operator gives a vault unless its owner says otherwise.
const WORK: usize = 96 * MIB;

/// An eighth of it: nearly two of the largest answers.
const ANSWERS: usize = 32 * MIB;

/// How long work waits for its share: as long as a few of the largest restores take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The unit of a share, in bytes: what a semaphore counts fits 32 bits.
const UNIT: usize = 1024;

const MIB: usize = 1024 * 1024;

/// What a backup may hold before its size is known: the lengths of its versions while they are read. A backup that needs
/// no more than this, as most do, is made with it.
const BACKUP: usize = MIB;

/// What a list holds at most: a stretch of 64 heads, each with the most and longest tags in the widest characters, and
/// the page.
const LIST: usize = 6 * MIB;

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
    /// Room for the work of requests.
    pub(super) fn of_work() -> Self {
        Self::new(WORK, PATIENCE)
    }

    /// Room for large answers.
    pub(super) fn of_answers() -> Self {
        Self::new(ANSWERS, PATIENCE)
    }

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
    /// [`Failure::Busy`] when there is no room for as long as the pool's patience lasts.
    pub async fn share(&self, holder: &K, bytes: usize) -> Result<Share<K>, Failure> {
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
        timeout(self.patience, share)
            .await
            .ok()
            .flatten()
            .ok_or(Failure::Busy)
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

/// What the work on a restore of so many bytes may hold: the body, its text and the blob while it is read; then the
/// blob opened, its versions, and each of them sealed anew.
pub(super) const fn of_restore(bytes: usize) -> usize {
    bytes.saturating_mul(3)
}

/// What a read may hold beyond one object; none where it holds no more, and is quick. A backup asks for more once the
/// engine has said what it needs.
pub(super) const fn of_read(request: &ReadRequest) -> Option<usize> {
    match request {
        ReadRequest::Get { .. } | ReadRequest::GetDeleted { .. } => None,
        ReadRequest::List { .. } | ReadRequest::ListVersions { .. } | ReadRequest::ListDeleted { .. } => {
            Some(LIST)
        }
        ReadRequest::Backup { .. } => Some(BACKUP),
    }
}

/// What the answer with a backup of so many bytes holds until the client has taken it: the blob, and its text.
pub(super) const fn of_answer(bytes: usize) -> usize {
    bytes.saturating_add(bytes.div_ceil(3).saturating_mul(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEN: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn shares_never_exceed_the_pool_and_come_back_when_dropped() {
        let pool = Pool::new(10 * UNIT, KEEN);
        let six = pool.share(&1, 6 * UNIT).await.unwrap();
        let four = pool.share(&2, 3 * UNIT + 1).await.unwrap();
        assert_eq!(pool.share(&3, 1).await.unwrap_err(), Failure::Busy);
        drop(four);
        assert!(pool.share(&3, 4 * UNIT).await.is_ok());
        assert_eq!(pool.share(&3, 5 * UNIT).await.unwrap_err(), Failure::Busy);
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
    async fn many_small_backups_are_made_at_once() {
        let pool = Pool::of_work();
        let backup = ReadRequest::Backup {
            name: "a".parse().unwrap(),
        };
        let mut shares = Vec::new();
        for number in 0..80 {
            let holder = number % 2;
            let share = pool.share(&holder, of_read(&backup).unwrap());
            shares.push(share.await.unwrap());
        }
    }

    #[tokio::test]
    async fn work_larger_than_the_pool_gets_all_of_it() {
        let pool = Pool::new(10 * UNIT, KEEN);
        let all = pool.share(&1, usize::MAX).await.unwrap();
        assert!(pool.share(&2, UNIT).await.is_err());
        drop(all);
    }
}
