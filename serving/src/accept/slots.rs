//! Slots for open connections, in all and per source.
//!
//! A full table makes room: the connection whose peer has got nowhere for longest loses its slot, so that a peer which
//! holds connections without using them keeps no other out. Neither does one that asks and takes no answer. Where
//! connections together hold more memory than they may, the source that holds most loses the one that holds most.

use std::{collections::HashMap, sync::Arc};

use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Limits, Source,
    activity::Activity,
    pinned::{Budget, Pinned},
    turns::Turns,
};

/// What holds less than this more than another holds about as much: who follows a vault on one connection holds a little more
/// than who connects and does nothing, and is not to give way to many of those.
const GRAIN: usize = 64 << 10;

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
    /// Bytes that all connections may hold.
    pub(crate) pinned: usize,
}

impl Bounds {
    /// For open connections.
    pub(crate) const fn open(limits: &Limits) -> Self {
        Self {
            total: limits.connections,
            per_source: limits.connections_per_source,
            unproven: limits.unproven_per_source,
            proven: limits.requests_per_source,
            pinned: limits.pinned_bytes,
        }
    }

    /// For connections within their handshake, on which there are no requests.
    pub(crate) const fn shaking(limits: &Limits) -> Self {
        Self {
            total: limits.handshakes,
            per_source: limits.handshakes_per_source,
            unproven: 0,
            proven: 0,
            // What they hold is counted by their other slot.
            pinned: usize::MAX,
        }
    }
}

/// The slots of one listener.
#[derive(Debug)]
pub(crate) struct Slots {
    bounds: Bounds,
    budget: Arc<Budget>,
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
    pinned: Arc<Pinned>,
    revoked: CancellationToken,
}

impl Slots {
    pub(crate) fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self {
            bounds,
            budget: Budget::new(bounds.pinned),
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
            held: taken.enter(source, self.bounds, &self.budget),
        })
    }

    /// Returns once connections may hold more than they may together.
    pub(crate) async fn grown(&self) {
        self.budget.grown().await;
    }

    /// Takes slots until the others hold no more than they may. Says how many it took.
    pub(crate) fn relieve(&self) -> u32 {
        let mut taken = self.taken();
        let mut count = 0_u32;
        while self.budget.is_exceeded() && taken.end_the_heaviest() {
            count = count.saturating_add(1);
        }
        count
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

    fn enter(&mut self, source: Source, bounds: Bounds, budget: &Arc<Budget>) -> Held {
        let guest = self.by_source.entry(source).or_insert_with(|| Guest {
            connections: 0,
            turns: Turns::new(bounds.unproven, bounds.proven),
        });
        guest.connections = guest.connections.saturating_add(1);
        let pinned = Pinned::new(Arc::clone(budget));
        let held = Held {
            id: self.next,
            activity: Activity::new(Arc::clone(&guest.turns), Arc::clone(&pinned)),
            revoked: CancellationToken::new(),
        };
        self.next = self.next.wrapping_add(1);
        let holder = Holder {
            source,
            activity: held.activity.clone(),
            pinned,
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

    /// Takes the slot of the connection that holds most, of the source that does; among those that hold about as much, of
    /// the one whose peer has got nowhere for longest. False where there is none.
    fn end_the_heaviest(&mut self) -> bool {
        let mut sources: HashMap<Source, usize> = HashMap::new();
        for holder in self.holders.values() {
            let all = sources.entry(holder.source).or_default();
            *all = all.saturating_add(holder.pinned.bytes());
        }
        let now = Instant::now();
        let weighed = self.holders.iter().map(|(id, holder)| {
            let all = sources.get(&holder.source).copied().unwrap_or_default();
            let still = holder
                .activity
                .still_since()
                .map(|since| now.duration_since(since));
            (all / GRAIN, holder.pinned.bytes() / GRAIN, still, *id)
        });
        let Some((.., heaviest)) = weighed.max() else {
            return false;
        };
        if let Some(holder) = self.leave(heaviest) {
            holder.pinned.leave();
            holder.revoked.cancel();
        }
        true
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
    use crate::accept::{
        activity::InFlight,
        of_request::Size,
        pinned::{CONNECTION, Hold},
        turns::NoTurn,
    };

    async fn begin(slot: &Slot) -> Result<Arc<InFlight>, NoTurn> {
        let activity = slot.activity();
        activity.begin(activity.arrive(Size::default())).await
    }

    fn bounds(total: usize, per_source: usize) -> Bounds {
        Bounds {
            total,
            per_source,
            unproven: 1,
            proven: 1,
            pinned: usize::MAX,
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
        let busy = begin(&held[0]).await.unwrap();
        held.push(slots.take(source(4)).unwrap());
        let revoked: Vec<_> = held.iter().map(Slot::is_revoked).collect();
        assert_eq!(revoked, [false, true, false, false]);
        assert_eq!(slots.taken().holders.len(), 3);
        let mut all = Vec::new();
        for slot in held.iter().skip(1) {
            all.push(begin(slot).await.unwrap());
        }
        assert_eq!(slots.take(source(5)).unwrap_err(), NoSlot::Total);
        drop((busy, all, held));
        assert!(slots.taken().by_source.is_empty() && slots.taken().holders.is_empty());
    }

    #[test]
    fn the_source_that_holds_most_gives_way_and_one_within_its_share_never_does() {
        const PART: usize = 100 << 10;
        let slots = Slots::new(Bounds {
            pinned: 5 * CONNECTION + 4 * PART,
            ..bounds(8, 8)
        });
        let hold = |slot: &Slot, bytes| Hold::new(&slot.slots.taken().holders[&slot.held.id].pinned, bytes);
        // One source with much on each of two connections, one with more on one, and two that are modest.
        let taken: Vec<_> = [
            (1, PART),
            (1, PART),
            (2, PART + PART / 2),
            (3, PART / 4),
            (4, PART / 4),
        ]
        .map(|(last, bytes)| {
            let slot = slots.take(source(last)).unwrap();
            let hold = hold(&slot, bytes);
            (slot, hold)
        })
        .into();
        assert_eq!(slots.relieve(), 0);
        let more = hold(&taken[3].0, PART / 2);
        assert_eq!(slots.relieve(), 1);
        let revoked = || -> Vec<_> { taken.iter().map(|(slot, _)| slot.is_revoked()).collect() };
        assert_eq!(
            revoked().iter().position(|revoked| *revoked),
            revoked().iter().rposition(|revoked| *revoked)
        );
        assert!(revoked()[0] || revoked()[1]);
        // What its connection still holds until it has ended costs nobody else a slot.
        assert_eq!(slots.relieve(), 0);
        drop(more);
        let greedy = hold(&taken[2].0, 4 * PART);
        assert_eq!(slots.relieve(), 1);
        assert!(revoked()[2] && !revoked()[3] && !revoked()[4]);
        drop((greedy, taken));
        assert!(slots.taken().holders.is_empty());
    }

    #[tokio::test]
    async fn among_many_that_hold_little_the_one_that_got_nowhere_for_longest_gives_way() {
        let slots = Slots::new(Bounds {
            pinned: 5 * CONNECTION,
            ..bounds(8, 8)
        });
        let follower = slots.take(source(1)).unwrap();
        let request = begin(&follower).await.unwrap();
        request.await_body();
        let idle: Vec<_> = (2..=4).map(|last| slots.take(source(last)).unwrap()).collect();
        assert_eq!(slots.relieve(), 0);
        let newest = slots.take(source(5)).unwrap();
        assert_eq!(slots.relieve(), 1);
        let revoked: Vec<_> = idle.iter().map(Slot::is_revoked).collect();
        assert_eq!(revoked, [true, false, false]);
        assert!(!follower.is_revoked() && !newest.is_revoked());
    }
}
