//! The memory that peers make a listener hold: bounded in bytes for all of them together, and shared.
//!
//! Counts bound what one connection may begin, and one source. Many sources together could hold more than there is, and so
//! could one that has proved who it is and may begin more. So every connection counts what it holds ([`Pinned`]): itself,
//! heads that have not ended or wait for their turn, bodies that nobody has read yet, answers that the peer has not taken.
//! Where all of it is more than the budget, the source that holds most loses the connection that holds most
//! ([`Slots`](super::slots::Slots)). A source that holds no more than its fair share is never that source, however many
//! others there are.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use tokio::sync::Notify;

/// What a connection holds by itself: its session, the buffers of HTTP, its task. Measured at a vault: 11 KiB after a
/// request over HTTP/1.1, 20 KiB after one over HTTP/2.
pub(crate) const CONNECTION: usize = 24 << 10;

/// What a request holds by itself beside the bytes of its head: its stream, its task, the parsed head.
pub(crate) const REQUEST: usize = 3 << 10;

/// What a connection keeps for each of the most requests that it ever had at once: HTTP/2 gives the room of its tables
/// back when the connection ends, and not before. Measured at a vault: 97 KiB after 128 requests at once.
const STREAM: usize = 1 << 10;

/// The most that a peer may send of bodies before they are read, on one connection: the windows of HTTP/2.
pub(crate) const WINDOW: u32 = 128 << 10;

/// By how much a connection may hold more or less than it last told the budget, so that small requests leave what all
/// connections share alone.
const SLACK: usize = 8 << 10;

/// What the connections of a listener may hold, and what they do.
#[derive(Debug)]
pub(crate) struct Budget {
    most: usize,
    pinned: AtomicUsize,
    /// The part of it that connections hold which have lost their slots, and will end.
    leaving: AtomicUsize,
    grown: Notify,
}

impl Budget {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            pinned: AtomicUsize::new(0),
            leaving: AtomicUsize::new(0),
            grown: Notify::new(),
        })
    }

    /// Whether the connections that stay hold more than they may.
    pub(crate) fn is_exceeded(&self) -> bool {
        let (pinned, leaving) = (self.pinned.load(Relaxed), self.leaving.load(Relaxed));
        pinned.saturating_sub(leaving) > self.most
    }

    /// Returns once that may have become so.
    pub(crate) async fn grown(&self) {
        self.grown.notified().await;
    }

    fn change(&self, from: usize, to: usize) {
        if to > from {
            self.pinned.fetch_add(to - from, Relaxed);
            if self.is_exceeded() {
                self.grown.notify_one();
            }
        } else {
            self.pinned.fetch_sub(from - to, Relaxed);
        }
    }
}

/// What one connection holds.
#[derive(Debug)]
pub(crate) struct Pinned {
    budget: Arc<Budget>,
    bytes: AtomicUsize,
    /// What the budget knows of it.
    told: AtomicUsize,
    leaving: AtomicUsize,
    /// Requests on it, and the most that there ever were.
    requests: AtomicUsize,
    most_requests: AtomicUsize,
}

impl Pinned {
    /// A new connection.
    pub(crate) fn new(budget: Arc<Budget>) -> Arc<Self> {
        budget.change(0, CONNECTION);
        Arc::new(Self {
            budget,
            bytes: AtomicUsize::new(CONNECTION),
            told: AtomicUsize::new(CONNECTION),
            leaving: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            most_requests: AtomicUsize::new(0),
        })
    }

    /// Notes one more request on the connection.
    pub(crate) fn enter(&self) {
        let requests = self.requests.fetch_add(1, Relaxed).saturating_add(1);
        let most = self.most_requests.fetch_max(requests, Relaxed);
        if requests > most {
            self.add((requests - most).saturating_mul(STREAM));
        }
    }

    /// Notes that a request has ended.
    pub(crate) fn exit(&self) {
        self.requests.fetch_sub(1, Relaxed);
    }

    /// The bytes that the connection holds.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Notes that the connection has lost its slot, so that none loses its own for the same bytes.
    pub(crate) fn leave(&self) {
        let bytes = self.told.load(Relaxed);
        self.leaving.store(bytes, Relaxed);
        self.budget.leaving.fetch_add(bytes, Relaxed);
    }

    fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Relaxed);
        self.tell();
    }

    fn sub(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Relaxed);
        self.tell();
    }

    fn tell(&self) {
        let (bytes, told) = (self.bytes.load(Relaxed), self.told.load(Relaxed));
        let is_old = bytes.abs_diff(told) >= SLACK;
        // Where another thread has just told it, the rest waits for the next change.
        if is_old && self.told.compare_exchange(told, bytes, Relaxed, Relaxed).is_ok() {
            self.budget.change(told, bytes);
        }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        self.budget.change(*self.told.get_mut(), 0);
        self.budget.leaving.fetch_sub(*self.leaving.get_mut(), Relaxed);
    }
}

/// A part of what a connection holds, given back when dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    pinned: Arc<Pinned>,
    bytes: AtomicUsize,
}

impl Hold {
    pub(crate) fn new(pinned: &Arc<Pinned>, bytes: usize) -> Self {
        pinned.add(bytes);
        Self {
            pinned: Arc::clone(pinned),
            bytes: AtomicUsize::new(bytes),
        }
    }

    /// Holds so many bytes from now on.
    pub(crate) fn set(&self, bytes: usize) {
        let had = self.bytes.swap(bytes, Relaxed);
        if bytes > had {
            self.pinned.add(bytes - had);
        } else if had > bytes {
            self.pinned.sub(had - bytes);
        }
    }

    /// Holds `bytes` more, up to `most`.
    pub(crate) fn grow(&self, bytes: usize, most: usize) {
        let had = self.bytes.load(Relaxed);
        if had < most {
            self.set(had.saturating_add(bytes).min(most));
        }
    }

    /// Holds `bytes` less.
    pub(crate) fn shrink(&self, bytes: usize) {
        self.set(self.bytes.load(Relaxed).saturating_sub(bytes));
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: usize = 100 << 10;

    #[tokio::test]
    async fn the_budget_knows_what_is_held_and_what_is_given_back() {
        let budget = Budget::new(2 * CONNECTION + PART);
        let (one, other) = (Pinned::new(Arc::clone(&budget)), Pinned::new(Arc::clone(&budget)));
        let held = Hold::new(&one, PART);
        assert!(!budget.is_exceeded());
        let more = Hold::new(&other, PART);
        assert!(budget.is_exceeded());
        budget.grown().await;
        more.set(0);
        assert!(!budget.is_exceeded());
        drop((held, more, one, other));
        assert_eq!(budget.pinned.load(Relaxed), 0);
    }

    #[test]
    fn what_is_about_to_end_counts_no_more() {
        let budget = Budget::new(CONNECTION + PART);
        let (one, other) = (Pinned::new(Arc::clone(&budget)), Pinned::new(Arc::clone(&budget)));
        let (held, _more) = (Hold::new(&one, PART), Hold::new(&other, PART));
        assert!(budget.is_exceeded());
        one.leave();
        assert!(!budget.is_exceeded());
        drop((held, one));
        assert!(!budget.is_exceeded());
        assert_eq!(budget.leaving.load(Relaxed), 0);
    }

    #[test]
    fn many_small_parts_add_up() {
        let budget = Budget::new(usize::MAX);
        let one = Pinned::new(Arc::clone(&budget));
        let parts: Vec<_> = (0..100).map(|_| Hold::new(&one, 1 << 10)).collect();
        let known = budget.pinned.load(Relaxed);
        assert!(known.abs_diff(one.bytes()) < SLACK, "{known}");
        assert_eq!(one.bytes(), CONNECTION + (100 << 10));
        drop(parts);
        assert_eq!(one.bytes(), CONNECTION);
    }
}
