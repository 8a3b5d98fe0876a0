//! How many objects lookups visit: the tests of what one change costs count them.

#[cfg(test)]
std::thread_local! {
    static VISITS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Notes that a lookup visits an object.
pub(super) fn visit() {
    #[cfg(test)]
    VISITS.set(VISITS.get() + 1);
}

/// How many objects `action` visits.
#[cfg(test)]
pub(crate) fn visits_of(action: impl FnOnce()) -> usize {
    let before = VISITS.get();
    action();
    VISITS.get() - before
}
