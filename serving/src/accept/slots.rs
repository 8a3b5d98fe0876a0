//! Slots for open connections, in all and per source.
//!
//! A full table makes room: the connection that has had no request in flight for longest loses its slot, so that a peer
//! which holds connections without using them keeps no other out.

use std::{collections::HashMap, sync::Arc};

use parking_lot::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

use super::{Source, activity::Activity};

/// Why a connection gets no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSlot {
    /// Too many connections in all, and each has a request in flight.
    Total,
    /// Too many connections of this source.
    Source,
}

impl NoSlot {
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Source => "source",
        }
    }
}

/// The slots of one listener.
#[derive(Debug)]
pub(crate) struct Slots {
    total: usize,
    per_source: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    holders: HashMap<u64, Holder>,
    by_source: HashMap<Source, usize>,
}

#[derive(Debug)]
struct Holder {
    source: Source,
    activity: Activity,
    revoked: CancellationToken,
}

impl Slots {
    pub(crate) fn new(total: usize, per_source: usize) -> Arc<Self> {
        Arc::new(Self {
            total,
            per_source,
            taken: Mutex::default(),
        })
    }

    /// Whether `source` may have one more slot.
    pub(crate) fn check(&self, source: Source) -> Result<(), NoSlot> {
        self.taken().check(source, self.per_source)
    }

    /// Takes a slot for a connection from `source`; dropping the slot gives it back.
    pub(crate) fn take(self: &Arc<Self>, source: Source) -> Result<Slot, NoSlot> {
        let mut taken = self.taken();
        taken.check(source, self.per_source)?;
        if taken.holders.len() >= self.total {
            taken.make_room()?;
        }
        Ok(Slot {
            slots: Arc::clone(self),
            held: taken.enter(source),
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock()
    }
}

impl Taken {
    fn check(&self, source: Source, per_source: usize) -> Result<(), NoSlot> {
        if self.by_source.get(&source).copied().unwrap_or_default() < per_source {
            Ok(())
        } else {
            Err(NoSlot::Source)
        }
    }

    fn enter(&mut self, source: Source) -> Held {
        let held = Held {
            id: self.next,
            activity: Activity::new(),
            revoked: CancellationToken::new(),
        };
        self.next = self.next.wrapping_add(1);
        *self.by_source.entry(source).or_default() += 1;
        let holder = Holder {
            source,
            activity: held.activity.clone(),
            revoked: held.revoked.clone(),
        };
        self.holders.insert(held.id, holder);
        held
    }

    /// Takes the slot of the connection that has been idle for longest.
    fn make_room(&mut self) -> Result<(), NoSlot> {
        let idle = self
            .holders
            .iter()
            .filter_map(|(id, holder)| Some((holder.activity.idle_since()?, *id)));
        let (_, longest) = idle.min().ok_or(NoSlot::Total)?;
        if let Some(holder) = self.leave(longest) {
            holder.revoked.cancel();
        }
        Ok(())
    }

    fn leave(&mut self, id: u64) -> Option<Holder> {
        let holder = self.holders.remove(&id)?;
        if let Some(of_source) = self.by_source.get_mut(&holder.source) {
            *of_source = of_source.saturating_sub(1);
            if *of_source == 0 {
                self.by_source.remove(&holder.source);
            }
        }
        Some(holder)
    }
}

/// One connection's slot.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    held: Held,
}

#[derive(Debug)]
struct Held {
    id: u64,
    activity: Activity,
    revoked: CancellationToken,
}

impl Slot {
    /// The requests in flight of the connection, by which [`Slots`] chooses the one that makes room.
    pub(crate) const fn activity(&self) -> &Activity {
        &self.held.activity
    }

    /// Whether another connection got the slot.
    #[cfg(test)]
    pub(crate) fn is_revoked(&self) -> bool {
        self.held.revoked.is_cancelled()
    }

    /// Waits until another connection gets the slot: this one has to end then.
    pub(crate) async fn revoked(&self) {
        self.held.revoked.cancelled().await;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.taken().leave(self.held.id);
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
        drop(other);
        drop(held);
        assert!(slots.taken().by_source.is_empty() && slots.taken().holders.is_empty());
        assert!(slots.take(source(1)).is_ok());
    }

    #[test]
    fn the_connection_that_is_idle_for_longest_makes_room_and_a_busy_one_never() {
        let slots = Slots::new(3, 3);
        let mut held: Vec<_> = (1..=3).map(|last| slots.take(source(last)).unwrap()).collect();
        let busy = held[0].activity().begin();
        held.push(slots.take(source(4)).unwrap());
        let revoked: Vec<_> = held.iter().map(Slot::is_revoked).collect();
        assert_eq!(revoked, [false, true, false, false]);
        assert_eq!(slots.taken().holders.len(), 3);
        let all: Vec<_> = held.iter().map(|slot| slot.activity().begin()).collect();
        assert_eq!(slots.take(source(5)).unwrap_err(), NoSlot::Total);
        drop((busy, all, held));
        assert!(slots.taken().by_source.is_empty() && slots.taken().holders.is_empty());
    }
}
