//! When a request is made.

use strongroom_core::Timestamp;

/// When a request is made. Who gives the time may not be sure of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestTime {
    /// The time. What is due by it is purged.
    pub now: Timestamp,
    /// The latest that the time may be, which is not before it: what is deleted is kept from then on for as long as it
    /// must be.
    pub latest: Timestamp,
}

impl From<Timestamp> for RequestTime {
    /// A time that is sure.
    fn from(now: Timestamp) -> Self {
        Self { now, latest: now }
    }
}
