//! Bytes that a peer is to move: to send of a request, or to take of an answer. Who moves none, or too few, is not
//! waited for.
//!
//! What moves is counted as it moves, without a lock or a clock. A look from time to time ([`Pace::look`]) tells the
//! peer's waiting from ours: time counts against the peer only while something is its turn.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

/// Bytes per second that a peer has to move in the long run while something is its turn.
const RATE: u32 = 240;

/// The bytes of one direction of one request.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// Bytes that are the peer's to move now.
    owed: AtomicUsize,
    moved: AtomicU64,
}

impl Flow {
    /// Makes `bytes` more the peer's to move.
    pub(crate) fn owe(&self, bytes: usize) {
        self.owed.fetch_add(bytes, Relaxed);
    }

    /// Counts `bytes` of what was owed as moved.
    pub(crate) fn pay(&self, bytes: usize) {
        self.forgive(bytes);
        self.count(bytes);
    }

    /// Takes back `bytes` of what was owed.
    pub(crate) fn forgive(&self, bytes: usize) {
        self.owed.fetch_sub(bytes, Relaxed);
    }

    /// Notes that the peer is to move an unknown number of bytes.
    pub(crate) fn wait(&self) {
        self.owed.store(1, Relaxed);
    }

    /// Notes that the peer moved so many of an unknown number, and that it is not its turn any more.
    pub(crate) fn arrived(&self, bytes: usize) {
        self.owed.store(0, Relaxed);
        self.count(bytes);
    }

    /// The bytes that are the peer's to move now.
    pub(crate) fn owed(&self) -> usize {
        self.owed.load(Relaxed)
    }

    fn count(&self, bytes: usize) {
        self.moved
            .fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Relaxed);
    }
}

/// What is left of the patience with one flow. Time in which it is the peer's turn uses it up; every byte that moves
/// gives some of it back, up to the whole.
#[derive(Debug)]
pub(crate) struct Pace {
    patience: Duration,
    left: Duration,
    moved: u64,
    was_owed: bool,
}

/// What a look at a flow found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing is the peer's to move.
    Ours,
    /// The peer moves bytes.
    Moving,
    /// The peer has moved none since the last look.
    Still,
    /// The patience is used up.
    Over,
}

impl Pace {
    pub(crate) const fn new(patience: Duration) -> Self {
        Self {
            patience,
            left: patience,
            moved: 0,
            was_owed: false,
        }
    }

    /// Looks at `flow`, `elapsed` after the last look.
    pub(crate) fn look(&mut self, flow: &Flow, elapsed: Duration) -> Turn {
        let (moved, is_owed) = (flow.moved.load(Relaxed), flow.owed() > 0);
        let bytes = moved.saturating_sub(self.moved);
        let spent = if is_owed && self.was_owed {
            elapsed
        } else {
            Duration::ZERO
        };
        let had = self.left.saturating_add(Duration::from_secs(bytes) / RATE);
        self.left = had.saturating_sub(spent).min(self.patience);
        (self.moved, self.was_owed) = (moved, is_owed);
        match is_owed {
            false => Turn::Ours,
            true if self.left.is_zero() => Turn::Over,
            true if bytes > 0 => Turn::Moving,
            true => Turn::Still,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// After how many looks, one a second, the patience of ten seconds is used up, if it is within `most`.
    fn over(most: usize, flow: &Flow, mut between: impl FnMut(&Flow)) -> Option<usize> {
        let mut pace = Pace::new(SECOND * 10);
        (0..most).find(|_| {
            between(flow);
            pace.look(flow, SECOND) == Turn::Over
        })
    }

    #[test]
    fn a_peer_that_moves_nothing_is_waited_for_no_longer_than_the_patience() {
        let flow = Flow::default();
        flow.owe(1);
        assert_eq!(over(100, &flow, |_| ()), Some(10));
    }

    #[test]
    fn a_byte_a_second_is_too_few_and_the_rate_is_enough() {
        let flow = Flow::default();
        flow.owe(1 << 20);
        assert!(over(100, &flow, |flow| flow.pay(1)).is_some());
        assert_eq!(over(1000, &flow, |flow| flow.pay(240)), None);
    }

    #[test]
    fn time_in_which_nothing_is_the_peers_turn_does_not_count() {
        let flow = Flow::default();
        assert_eq!(over(1000, &flow, |_| ()), None);
        flow.owe(10);
        flow.forgive(4);
        flow.pay(6);
        assert_eq!(over(1000, &flow, |_| ()), None);
        flow.wait();
        flow.arrived(5);
        assert_eq!(over(1000, &flow, |_| ()), None);
    }

    #[test]
    fn what_moved_at_first_does_not_allow_to_stop_for_longer_later() {
        let flow = Flow::default();
        flow.owe(1 << 30);
        flow.pay(1 << 29);
        assert_eq!(over(100, &flow, |_| ()), Some(10));
    }
}
