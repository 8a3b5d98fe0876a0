//! Slots for open connections, in all and per source.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::Source;

/// The slots.
#[derive(Debug)]
pub(super) struct Slots {
    total: usize,
    per_source: usize,
    taken: Mutex<HashMap<Source, usize>>,
}

impl Slots {
    pub(super) fn new(total: usize, per_source: usize) -> Arc<Self> {
        Arc::new(Self {
            total,
            per_source,
            taken: Mutex::default(),
        })
    }

    /// A slot for `source`, given back when dropped.
    pub(super) fn take(self: &Arc<Self>, source: Source) -> Option<Slot> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_source = taken.get(&source).copied().unwrap_or_default();
        // At most 2,048 numbers: adding them up costs less than a handshake's first byte.
        if of_source >= self.per_source || taken.values().sum::<usize>() >= self.total {
            return None;
        }
        taken.insert(source, of_source + 1);
        Some(Slot {
            slots: Arc::clone(self),
            source,
        })
    }
}

/// One connection's slot.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Arc<Slots>,
    source: Source,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.source) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(taken.remove(&self.source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn one_source_cannot_take_every_slot_and_slots_come_back() {
        let source = |last| Source::from(IpAddr::from([10, 0, 0, last]));
        let slots = Slots::new(3, 2);
        let held = [slots.take(source(1)).unwrap(), slots.take(source(1)).unwrap()];
        assert!(slots.take(source(1)).is_none());
        let other = slots.take(source(2)).unwrap();
        assert!(slots.take(source(3)).is_none());
        drop((held, other));
        assert!(slots.taken.lock().unwrap().is_empty());
        assert!(slots.take(source(1)).is_some());
    }
}
