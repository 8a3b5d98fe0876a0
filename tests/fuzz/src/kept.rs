//! What a thread keeps from one input to the next.

use std::cell::RefCell;

/// A thing that takes long to make, made when it is first asked for.
pub(crate) struct Kept<T>(RefCell<Option<T>>);

impl<T> Kept<T> {
    /// Nothing yet.
    pub(crate) const fn nothing() -> Self {
        Self(RefCell::new(None))
    }

    /// Runs with what is kept, or with what `make` makes.
    pub(crate) fn with<R>(&self, make: impl FnOnce() -> T, run: impl FnOnce(&mut T) -> R) -> R {
        run(self.0.borrow_mut().get_or_insert_with(make))
    }

    /// Keeps it no longer.
    pub(crate) fn forget(&self) {
        self.0.borrow_mut().take();
    }
}
