//! The programs that are still to run, in their order.

use std::{iter::Enumerate, sync::Mutex, vec::IntoIter};

/// What several lanes take from: whatever is taken is given to one of them, and the first that asks gets the next.
#[derive(Debug)]
pub struct Queue<T>(Mutex<Enumerate<IntoIter<T>>>);

impl<T> Queue<T> {
    /// A queue of these, the first of them first.
    pub fn of(all: Vec<T>) -> Self {
        Self(Mutex::new(all.into_iter().enumerate()))
    }

    /// The next with its number; nothing when all are taken.
    pub fn take(&self) -> Option<(usize, T)> {
        // Nothing panics while it is locked.
        self.0.lock().ok()?.next()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn all_are_given_in_their_order() {
        let queue = Queue::of(vec!["faults", "lifecycle", "e2e"]);
        let taken: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
        assert_eq!(taken, [(0, "faults"), (1, "lifecycle"), (2, "e2e")]);
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn what_two_take_at_once_is_given_to_one_of_them() {
        let all: Vec<usize> = (0..1000).collect();
        let queue = Queue::of(all.clone());
        let taken = || -> Vec<usize> { std::iter::from_fn(|| queue.take().map(|(_, one)| one)).collect() };
        let mut both = thread::scope(|scope| {
            let other = scope.spawn(taken);
            let mut both = taken();
            both.extend(other.join().unwrap());
            both
        });
        both.sort_unstable();
        assert_eq!(both, all);
    }
}
