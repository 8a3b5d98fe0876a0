//! What belongs to one request: what the peer moves of it, and what it holds.

use std::sync::{Arc, atomic::AtomicBool};

use super::{
    flow::Flow,
    pinned::{Hold, Pinned, REQUEST, WINDOW},
};

/// What the peer sends and takes of one request.
#[derive(Debug, Default)]
pub(super) struct Flows {
    pub(super) body: Flow,
    pub(super) answer: Flow,
    /// Whether the head of the answer is given. From then on the rest of the request is a dialogue, which may pause.
    pub(super) is_answered: AtomicBool,
}

/// What one request holds.
#[derive(Debug)]
pub(crate) struct Held {
    pinned: Arc<Pinned>,
    _head: Hold,
    /// What may have come of the body and nobody has read.
    pub(super) body: Hold,
    pub(super) answer: Hold,
}

/// The sizes of a request, as far as its head tells them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    /// Bytes of the head.
    pub(crate) head: usize,
    /// Bytes of the body; `None` where the head does not say.
    pub(crate) body: Option<u64>,
}

impl Held {
    /// What a request holds that waits for its turn: its head, and as much of its body as may have come.
    pub(super) fn new(pinned: &Arc<Pinned>, size: Size) -> Self {
        let window = u64::from(WINDOW);
        let body = usize::try_from(size.body.unwrap_or(window).min(window)).unwrap_or(usize::MAX);
        pinned.enter();
        Self {
            pinned: Arc::clone(pinned),
            _head: Hold::new(pinned, REQUEST.saturating_add(size.head)),
            body: Hold::new(pinned, body),
            answer: Hold::new(pinned, 0),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.pinned.exit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accept::pinned::Budget;

    #[test]
    fn a_connection_keeps_room_for_the_most_requests_that_it_had_at_once() {
        let empty = Size {
            head: 0,
            body: Some(0),
        };
        let pinned = Pinned::new(Budget::new(usize::MAX));
        let alone = pinned.bytes();
        for _ in 0..1_000 {
            drop(Held::new(&pinned, empty));
        }
        let one = pinned.bytes() - alone;
        let held: Vec<_> = (0..100).map(|_| Held::new(&pinned, empty)).collect();
        drop(held);
        assert_eq!(pinned.bytes() - alone, 100 * one);
        assert_ne!(one, 0);
    }
}
