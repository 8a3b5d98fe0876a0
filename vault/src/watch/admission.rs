//! The bounds on open streams: in all, per source, and without a valid token so far.

use std::{collections::HashMap, sync::Arc};

use parking_lot::{Mutex, MutexGuard};
use prometheus_client::metrics::gauge::Gauge;
use strongroom_serving::accept::{Source, Standing};

use super::Limits;

/// Why a stream is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Crowded {
    #[error("the vault has no room for another stream")]
    Total,
    #[error("too many streams from this source")]
    Source,
    #[error("too many streams have no subscription yet")]
    Unproven,
}

/// The open streams.
#[derive(Debug)]
pub(super) struct Admission {
    open: Mutex<Open>,
    count: Gauge,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    unproven: usize,
    by_source: HashMap<Source, usize>,
    unproven_by_source: HashMap<Source, usize>,
}

/// One open stream's place, given up when dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    admission: Arc<Admission>,
    source: Source,
    /// The connection's, where a listener noted it.
    standing: Option<Standing>,
    is_proven: bool,
}

impl Admission {
    /// No streams yet; their number is shown in `count`.
    pub(super) fn new(count: Gauge) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            count,
        })
    }

    /// A place for a stream from `source`, unproven at first.
    pub(super) fn admit(self: &Arc<Self>, source: Source, limits: &Limits) -> Result<Ticket, Crowded> {
        let mut open = self.open();
        let of_source = open.by_source.get(&source).copied().unwrap_or_default();
        if open.total >= limits.streams {
            return Err(Crowded::Total);
        }
        if of_source >= limits.streams_per_source {
            return Err(Crowded::Source);
        }
        let unproven = open.unproven_of(source);
        if open.unproven >= limits.unproven_streams || unproven >= limits.unproven_per_source {
            return Err(Crowded::Unproven);
        }
        open.unproven_by_source.insert(source, unproven.saturating_add(1));
        open.total = open.total.saturating_add(1);
        open.unproven = open.unproven.saturating_add(1);
        open.by_source.insert(source, of_source.saturating_add(1));
        self.count.inc();
        Ok(Ticket {
            admission: Arc::clone(self),
            source,
            standing: None,
            is_proven: false,
        })
    }

    /// How many streams are open.
    pub(super) fn len(&self) -> usize {
        self.open().total
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock()
    }
}

impl Ticket {
    /// The ticket of a stream on a connection of this standing.
    pub(super) fn on(mut self, standing: Option<Standing>) -> Self {
        self.standing = standing;
        self
    }

    /// Records that the stream has had a valid token.
    pub(super) fn prove(&mut self) {
        if !self.is_proven {
            self.is_proven = true;
            if let Some(standing) = &self.standing {
                standing.prove();
            }
            self.admission.open().forget_unproven(self.source);
        }
    }

    /// Where the stream comes from.
    pub(super) const fn source(&self) -> Source {
        self.source
    }
}

impl Open {
    fn unproven_of(&self, source: Source) -> usize {
        self.unproven_by_source.get(&source).copied().unwrap_or_default()
    }

    fn forget_unproven(&mut self, source: Source) {
        self.unproven = self.unproven.saturating_sub(1);
        let left = self.unproven_of(source).saturating_sub(1);
        if left == 0 {
            self.unproven_by_source.remove(&source);
        } else {
            self.unproven_by_source.insert(source, left);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.admission.count.dec();
        let mut open = self.admission.open();
        open.total = open.total.saturating_sub(1);
        if !self.is_proven {
            open.forget_unproven(self.source);
        }
        if let Some(of_source) = open.by_source.get_mut(&self.source) {
            *of_source = of_source.saturating_sub(1);
            if *of_source == 0 {
                open.by_source.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    fn source(last: u8) -> Source {
        IpAddr::from([10, 0, 0, last]).into()
    }

    fn limits() -> Limits {
        Limits {
            streams: 4,
            streams_per_source: 2,
            unproven_streams: 3,
            ..Limits::default()
        }
    }

    #[test]
    fn one_source_cannot_take_every_place() {
        let admission = Admission::new(Gauge::default());
        let _held = [
            admission.admit(source(1), &limits()),
            admission.admit(source(1), &limits()),
        ];
        assert_eq!(
            admission.admit(source(1), &limits()).unwrap_err(),
            Crowded::Source
        );
        assert!(admission.admit(source(2), &limits()).is_ok());
    }

    #[test]
    fn one_source_cannot_take_every_place_of_those_that_have_proved_nothing() {
        let admission = Admission::new(Gauge::default());
        let limits = Limits {
            streams_per_source: 16,
            unproven_per_source: 1,
            ..limits()
        };
        let mut first = admission.admit(source(1), &limits).unwrap();
        assert_eq!(
            admission.admit(source(1), &limits).unwrap_err(),
            Crowded::Unproven
        );
        assert!(admission.admit(source(2), &limits).is_ok());
        first.prove();
        assert!(admission.admit(source(1), &limits).is_ok());
    }

    #[test]
    fn streams_that_prove_nothing_leave_room_for_those_that_do() {
        let admission = Admission::new(Gauge::default());
        let mut held: Vec<_> = (1..=3)
            .map(|last| admission.admit(source(last), &limits()).unwrap())
            .collect();
        assert_eq!(
            admission.admit(source(4), &limits()).unwrap_err(),
            Crowded::Unproven
        );
        held[0].prove();
        held[0].prove();
        held.push(admission.admit(source(4), &limits()).unwrap());
        held[1].prove();
        assert_eq!(admission.admit(source(5), &limits()).unwrap_err(), Crowded::Total);
        drop(held);
        assert_eq!(admission.len(), 0);
        let open = admission.open();
        assert!(open.unproven == 0 && open.by_source.is_empty() && open.unproven_by_source.is_empty());
    }
}
