//! Room for heavy work: backups, restores and lists, bounded in the bytes that they may hold at once.
//!
//! A share is taken when the work can begin and is given back when it ends. Nothing that waits for a client holds one:
//! the body of a restore has arrived before its share is taken, and a backup has given its share back before the client
//! takes the answer. So a client that sends or reads slowly keeps no other client out.

use std::{sync::Arc, time::Duration};

use strongroom_engine::ReadRequest;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::outcome::Failure;

/// Half of the memory that the operator gives a vault unless its owner says otherwise.
const CAPACITY: usize = 128 * MIB;

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

/// The bytes that heavy work may hold.
#[derive(Debug)]
pub(super) struct Pool {
    room: Arc<Semaphore>,
    capacity: usize,
    patience: Duration,
}

/// Room for one piece of work, given back when dropped.
#[derive(Debug)]
pub(super) struct Share(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Default for Pool {
    fn default() -> Self {
        Self::new(CAPACITY, PATIENCE)
    }
}

impl Pool {
    /// A pool of `capacity` bytes, in which work waits for `patience`.
    fn new(capacity: usize, patience: Duration) -> Self {
        Self {
            room: Arc::new(Semaphore::new(capacity / UNIT)),
            capacity,
            patience,
        }
    }

    /// Room for work that may hold `bytes`, in the order in which it is asked for. Work that may hold more than the
    /// whole pool gets all of it.
    ///
    /// # Errors
    /// [`Failure::Busy`] when there is no room for as long as the pool's patience lasts.
    pub(super) async fn share(&self, bytes: usize) -> Result<Share, Failure> {
        let units = bytes.min(self.capacity).div_ceil(UNIT);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(units);
        match timeout(self.patience, room).await {
            Ok(Ok(permit)) => Ok(Share(permit)),
            Ok(Err(_)) | Err(_) => Err(Failure::Busy),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn shares_never_exceed_the_pool_and_come_back_when_dropped() {
        let pool = Pool::new(10 * UNIT, Duration::ZERO);
        let six = pool.share(6 * UNIT).await.unwrap();
        let four = pool.share(3 * UNIT + 1).await.unwrap();
        assert_eq!(pool.share(1).await.unwrap_err(), Failure::Busy);
        drop(four);
        assert!(pool.share(4 * UNIT).await.is_ok());
        assert_eq!(pool.share(5 * UNIT).await.unwrap_err(), Failure::Busy);
        drop(six);
        assert!(pool.share(10 * UNIT).await.is_ok());
    }

    #[tokio::test]
    async fn work_that_waits_gets_its_share_once_there_is_room() {
        let pool = Arc::new(Pool::new(10 * UNIT, PATIENCE));
        let all = pool.share(10 * UNIT).await.unwrap();
        let waiting = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.share(10 * UNIT).await.map(drop) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(all);
        assert_eq!(waiting.await.unwrap(), Ok(()));
    }

    #[tokio::test]
    async fn many_small_backups_are_made_at_once() {
        let pool = Pool::new(CAPACITY, Duration::ZERO);
        let backup = ReadRequest::Backup {
            name: "a".parse().unwrap(),
        };
        let mut shares = Vec::new();
        for _ in 0..100 {
            shares.push(pool.share(of_read(&backup).unwrap()).await.unwrap());
        }
    }

    #[tokio::test]
    async fn work_larger_than_the_pool_gets_all_of_it() {
        let pool = Pool::new(10 * UNIT, Duration::ZERO);
        let all = pool.share(usize::MAX).await.unwrap();
        assert!(pool.share(UNIT).await.is_err());
        drop(all);
    }
}
