//! How many requests of one source are in flight, on all its connections together.
//!
//! HTTP/2 bounds the streams of one connection, and the peer chooses how many connections it opens. A source that has
//! proved nothing gets few turns; a connection on which a token was verified takes its turns from more. A request
//! without a turn waits with nothing but its head, and only so many do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Requests of one source that wait for a turn.
const WAITING: usize = 128;

/// How long one waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// The turns of one source.
#[derive(Debug)]
pub(crate) struct Turns {
    unproven: Arc<Semaphore>,
    proven: Arc<Semaphore>,
    waiting: AtomicUsize,
}

/// A request's turn, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

/// The source has no turn left, and no place to wait for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoTurn;

impl Turns {
    pub(crate) fn new(unproven: usize, proven: usize) -> Arc<Self> {
        Arc::new(Self {
            unproven: Arc::new(Semaphore::new(unproven)),
            proven: Arc::new(Semaphore::new(proven)),
            waiting: AtomicUsize::new(0),
        })
    }

    /// A turn for a request on a connection that is proven, or not.
    pub(crate) async fn take(&self, is_proven: bool) -> Result<Turn, NoTurn> {
        let turns = if is_proven { &self.proven } else { &self.unproven };
        if let Ok(turn) = Arc::clone(turns).try_acquire_owned() {
            return Ok(Turn(turn));
        }
        let _place = Place::take(&self.waiting)?;
        match timeout(PATIENCE, Arc::clone(turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Turn(turn)),
            Ok(Err(_)) | Err(_) => Err(NoTurn),
        }
    }

    /// Makes `turn` one of those that proven connections have, where one of them is left.
    pub(crate) fn prove(&self, turn: &mut Turn) {
        if let Ok(proven) = Arc::clone(&self.proven).try_acquire_owned() {
            *turn = Turn(proven);
        }
    }
}

/// The place of one that waits.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Result<Self, NoTurn> {
        let place = Self(waiting);
        if waiting.fetch_add(1, Relaxed) < WAITING {
            Ok(place)
        } else {
            Err(NoTurn)
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_beyond_the_turns_wait_and_beyond_the_places_are_refused_at_once() {
        let turns = Turns::new(1, 1);
        let held = turns.take(false).await.unwrap();
        assert!(
            turns.take(true).await.is_ok(),
            "proven connections have turns of their own"
        );
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(turns.take(false))).collect();
        for one in &mut waiting {
            assert!(futures::poll!(one).is_pending());
        }
        assert_eq!(turns.take(false).await.err(), Some(NoTurn));
        drop(held);
        let first = waiting.remove(0).await.unwrap();
        assert!(futures::poll!(&mut waiting[0]).is_pending());
        drop((first, waiting));
        assert_eq!(turns.waiting.load(Relaxed), 0);
        assert!(turns.take(false).await.is_ok());
    }

    #[tokio::test]
    async fn a_turn_that_is_proven_leaves_its_place_to_another() {
        let turns = Turns::new(1, 1);
        let mut turn = turns.take(false).await.unwrap();
        turns.prove(&mut turn);
        assert!(turns.take(false).await.is_ok());
        let mut other = turns.take(false).await.unwrap();
        turns.prove(&mut other);
        assert!(turns.unproven.try_acquire().is_err(), "no proven turn was left");
    }
}
