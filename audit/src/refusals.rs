//! Requests that did not authenticate: counted, since anybody can send them, and recorded once per source and interval.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::SystemTime,
};

use parking_lot::Mutex;

use crate::{
    event::Event,
    refusal_count::{RefusalCount, RefusalReason},
    time::Time,
};

/// Counts refusals of a bounded number of sources; those beyond share one count.
#[derive(Debug)]
pub struct RefusalCounter {
    sources: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug)]
struct Counts {
    since: SystemTime,
    /// `None` stands for the sources beyond the bound.
    by_source: HashMap<Option<IpAddr>, RefusalCount>,
}

impl RefusalCounter {
    /// A counter that tells `sources` sources apart, for an interval that begins at `now`.
    pub fn new(sources: usize, now: SystemTime) -> Self {
        Self {
            sources,
            counts: Mutex::new(Counts {
                since: now,
                by_source: HashMap::new(),
            }),
        }
    }

    /// Counts one refusal. IPv6 sources are told apart by /64: one host has as many addresses as it likes.
    pub fn count(&self, source: IpAddr, reason: RefusalReason) {
        let source = Some(network_of(source));
        let mut counts = self.counts.lock();
        let full = counts.by_source.len() >= self.sources && !counts.by_source.contains_key(&source);
        counts
            .by_source
            .entry(if full { None } else { source })
            .or_default()
            .add(reason);
    }

    /// Takes back an event that [`Self::take`] gave and that was not written.
    pub fn restore(&self, event: &Event) {
        let &Event::Unauthenticated { source, since, count } = event else {
            return;
        };
        let mut counts = self.counts.lock();
        counts.since = counts.since.min(since.0);
        counts.by_source.entry(source).or_default().add_all(count);
    }

    /// Ends the interval at `now`: one event per source that was refused in it.
    pub fn take(&self, now: SystemTime) -> Vec<Event> {
        let mut counts = self.counts.lock();
        let since = Time(std::mem::replace(&mut counts.since, now));
        let taken = std::mem::take(&mut counts.by_source);
        drop(counts);
        taken
            .into_iter()
            .map(|(source, count)| Event::Unauthenticated { source, since, count })
            .collect()
    }
}

fn network_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_beyond_the_bound_share_one_count() {
        let counter = RefusalCounter::new(2, SystemTime::UNIX_EPOCH);
        for last in 0..10u8 {
            counter.count(IpAddr::from([10, 0, 0, last]), RefusalReason::BadToken);
        }
        counter.count(IpAddr::from([10, 0, 0, 1]), RefusalReason::NoToken);
        let events = counter.take(SystemTime::UNIX_EPOCH);
        assert_eq!(events.len(), 3);
        let rest = RefusalCount {
            bad_token: 8,
            ..RefusalCount::default()
        };
        assert!(events.contains(&Event::Unauthenticated {
            source: None,
            since: Time(SystemTime::UNIX_EPOCH),
            count: rest
        }));
        assert!(counter.take(SystemTime::UNIX_EPOCH).is_empty());
    }

    #[test]
    fn one_hosts_ipv6_addresses_are_one_source() {
        let counter = RefusalCounter::new(8, SystemTime::UNIX_EPOCH);
        for last in 0..100u128 {
            let bits = (0x2001_0db8_u128 << 96) | last;
            counter.count(IpAddr::V6(Ipv6Addr::from_bits(bits)), RefusalReason::Malformed);
        }
        assert_eq!(counter.take(SystemTime::UNIX_EPOCH).len(), 1);
    }
}
