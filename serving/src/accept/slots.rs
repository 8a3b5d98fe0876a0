//! Slots for open connections, in all and per source.
//!
//! A full table makes room: the connection whose peer has got nowhere for longest loses its slot, so that a peer which
//! holds connections without using them keeps no other out. Neither does one that asks and takes no answer.

use std::{collections::HashMap, sync::Arc};

use parking_lot::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

use super::{Limits, Source, activity::Activity, turns::Turns};

/// Why a connection gets no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSlot {
    /// Too many connections in all, and each waits for the server.
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

/// How many slots there are, and what goes with them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) total: usize,
    pub(crate) per_source: usize,
    /// Requests of one source in flight, before and after a connection is proven.
    pub(crate) unproven: usize,
    pub(crate) proven: usize,
}

impl Bounds {
    /// For open connections.
    pub(crate) const fn open(limits: &Limits) -> Self {
        Self {
            total: limits.connections,
            per_source: limits.connections_per_source,
            unproven: limits.unproven_per_source,
            proven: limits.requests_per_source,
        }
    }

    /// For connections within their handshake, on which there are no requests.
    pub(crate) const fn shaking(limits: &Limits) -> Self {
        Self {
            total: limits.handshakes,
            per_source: limits.handshakes_per_source,
            unproven: 0,
            proven: 0,
        }
    }
}

/// The slots of one listener.
#[derive(Debug)]
pub(crate) struct Slots {
    bounds: Bounds,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    holders: HashMap<u64, Holder>,
    by_source: HashMap<Source, Guest>,
}

/// A source with connections.
#[derive(Debug)]
struct Guest {
    connections: usize,
    turns: Arc<Turns>,
}

#[derive(Debug)]
struct Holder {
    source: Source,
    activity: Activity,
    revoked: CancellationToken,
}

impl Slots {
    pub(crate) fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            taken: Mutex::default(),
        })
    }

    /// Whether `source` may have one more slot.
    pub(crate) fn check(&self, source: Source) -> Result<(), NoSlot> {
        self.taken().check(source, self.bounds)
    }

    /// Takes a slot for a connection from `source`; dropping the slot gives it back.
    pub(crate) fn take(self: &Arc<Self>, source: Source) -> Result<Slot, NoSlot> {
        let mut taken = self.taken();
        taken.check(source, self.bounds)?;
        if taken.holders.len() >= self.bounds.total {
            taken.make_room()?;
        }
        Ok(Slot {
            slots: Arc::clone(self),
            held: taken.enter(source, self.bounds),
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock()
    }
}

impl Taken {
    fn check(&self, source: Source, bounds: Bounds) -> Result<(), NoSlot> {
        let open = self.by_source.get(&source).map_or(0, |guest| guest.connections);
        if open < bounds.per_source {
            Ok(())
        } else {
            Err(NoSlot::Source)
        }
    }

    fn enter(&mut self, source: Source, bounds: Bounds) -> Held {
        let guest = self.by_source.entry(source).or_insert_with(|| Guest {
            connections: 0,
            turns: Turns::new(bounds.unproven, bounds.proven),
        });
        guest.connections = guest.connections.saturating_add(1);
        let held = Held {
            id: self.next,
            activity: Activity::new(Arc::clone(&guest.turns)),
            revoked: CancellationToken::new(),
        };
        self.next = self.next.wrapping_add(1);
        let holder = Holder {
            source,
            activity: held.activity.clone(),
            revoked: held.revoked.clone(),
        };
        self.holders.insert(held.id, holder);
        held
    }

    /// Takes the slot of the connection whose peer has got nowhere for longest.
    fn make_room(&mut self) -> Result<(), NoSlot> {
        let still = self
            .holders
            .iter()
            .filter_map(|(id, holder)| Some((holder.activity.still_since()?, *id)));
        let (_, longest) = still.min().ok_or(NoSlot::Total)?;
        if let Some(holder) = self.leave(longest) {
            holder.revoked.cancel();
        }
        Ok(())
    }

    fn leave(&mut self, id: u64) -> Option<Holder> {
        let holder = self.holders.remove(&id)?;
        if let Some(guest) = self.by_source.get_mut(&holder.source) {
            guest.connections = guest.connections.saturating_sub(1);
            if guest.connections == 0 {
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

    fn bounds(total: usize, per_source: usize) -> Bounds {
        Bounds {
            total,
            per_source,
            unproven: 1,
            proven: 1,
        }
    }

    fn source(last: u8) -> Source {
        IpAddr::from([10, 0, 0, last]).into()
    }

    #[test]
    fn one_source_cannot_take_every_slot() {
        let slots = Slots::new(bounds(3, 2));
        let held = [slots.take(source(1)).unwrap(), slots.take(source(1)).unwrap()];
        assert_eq!(slots.take(source(1)).unwrap_err(), NoSlot::Source);
        let other = slots.take(source(2)).unwrap();
        drop(other);
        drop(held);
        assert!(slots.taken().by_source.is_empty() && slots.taken().holders.is_empty());
        assert!(slots.take(source(1)).is_ok());
    }

    #[tokio::test]
    async fn the_connection_that_is_idle_for_longest_makes_room_and_a_busy_one_never() {
        let slots = Slots::new(bounds(3, 3));
        let mut held: Vec<_> = (1..=3).map(|last| slots.take(source(last)).unwrap()).collect();
        let busy = held[0].activity().begin().await.unwrap();
        held.push(slots.take(source(4)).unwrap());
        let revoked: Vec<_> = held.iter().map(Slot::is_revoked).collect();
        assert_eq!(revoked, [false, true, false, false]);
        assert_eq!(slots.taken().holders.len(), 3);
        let mut all = Vec::new();
        for slot in held.iter().skip(1) {
            all.push(slot.activity().begin().await.unwrap());
        }
        assert_eq!(slots.take(source(5)).unwrap_err(), NoSlot::Total);
        drop((busy, all, held));
        assert!(slots.taken().by_source.is_empty() && slots.taken().holders.is_empty());
    }
}
