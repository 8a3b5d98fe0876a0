//! Slots for open connections, in all and per source.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::Source;

/// Why a connection gets no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoSlot {
    /// Too many connections in all.
    Total,
    /// Too many connections of this source.
    Source,
}

impl NoSlot {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Source => "source",
        }
    }
}

/// The slots of one listener.
#[derive(Debug)]
pub(super) struct Slots {
    total: usize,
    per_source: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_source: HashMap<Source, usize>,
}

impl Slots {
    pub(super) fn new(total: usize, per_source: usize) -> Arc<Self> {
        Arc::new(Self {
            total,
            per_source,
            taken: Mutex::default(),
        })
    }

    /// A slot for a connection from `source`, given back when dropped.
    pub(super) fn take(self: &Arc<Self>, source: Source) -> Result<Slot, NoSlot> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.total >= self.total {
            return Err(NoSlot::Total);
        }
        let of_source = taken.by_source.entry(source).or_default();
        if *of_source >= self.per_source {
            return Err(NoSlot::Source);
        }
        *of_source += 1;
        taken.total += 1;
        Ok(Slot {
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
        taken.total = taken.total.saturating_sub(1);
        if let Some(of_source) = taken.by_source.get_mut(&self.source) {
            *of_source = of_source.saturating_sub(1);
            if *of_source == 0 {
                taken.by_source.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn source(last: u8) -> Source {
        IpAddr::from([10, 0, 0, last]).into()
    }

    #[test]
    fn one_source_cannot_take_every_slot() {
        let slots = Slots::new(3, 2);
        let held = [slots.take(source(1)).unwrap(), slots.take(source(1)).unwrap()];
        assert_eq!(slots.take(source(1)).unwrap_err(), NoSlot::Source);
        let other = slots.take(source(2)).unwrap();
        assert_eq!(slots.take(source(3)).unwrap_err(), NoSlot::Total);
        drop(other);
        drop(held);
        assert!(slots.taken.lock().unwrap().by_source.is_empty());
        assert!(slots.take(source(3)).is_ok());
    }
}
