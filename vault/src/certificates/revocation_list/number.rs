//! The numbers of lists: each is greater than those before (RFC 5280, 5.2.3).
//!
//! A number need not follow the one before. So the vault stores a bound before it gives numbers below that, and after a restart
//! it goes on from the bound: one change of the store for many lists, however often a stranger asks.

use parking_lot::Mutex;
use strongroom_core::Timestamp;
use strongroom_engine::{Objects, WriteError};

use super::ListError;

/// The record of the bound.
const RECORD: &str = "certificates/list-number";

/// How many numbers are taken at once.
const TAKEN: u64 = 1024;

/// The numbers that were taken and are not given yet.
#[derive(Debug, Default)]
pub(super) struct Numbers(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    end: u64,
}

impl Numbers {
    /// The next number. Waits for the disk now and then.
    ///
    /// The first is at least the time: where the store was put back to an older state, numbers go on all the same.
    pub(super) fn next(&self, objects: &Objects, now: Timestamp) -> Result<u64, ListError> {
        let mut taken = self.0.lock();
        if taken.next >= taken.end {
            let stored = objects.meta_get(RECORD)?;
            let stored = stored.and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)));
            let next = stored.unwrap_or_default().max(now.unix()).max(1);
            let end = next.saturating_add(TAKEN);
            objects.meta_put(RECORD, Some(end.to_be_bytes().to_vec()))?;
            *taken = Taken { next, end };
        }
        let number = taken.next;
        taken.next = number.checked_add(1).ok_or(WriteError::Unavailable)?;
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use strongroom_testing::vault::Files;

    use super::*;

    #[test]
    fn numbers_grow_from_the_time_and_after_a_restart_from_the_last() {
        let service = Files::in_memory().service();
        let at = |seconds| Timestamp::from_unix(seconds);
        let numbers = Numbers::default();
        let mut last = numbers.next(&service.objects, at(5_000_000)).unwrap();
        assert_eq!(last, 5_000_000);
        for _ in 0..3 * TAKEN {
            let next = numbers.next(&service.objects, at(0)).unwrap();
            assert!(next > last, "{next} after {last}");
            last = next;
        }
        // A process that was killed has given none beyond the bound.
        let again = Numbers::default().next(&service.objects, at(0)).unwrap();
        assert!(again > last, "{again} after {last}");
        assert!(again <= last + 2 * TAKEN);
        let later = Numbers::default().next(&service.objects, at(6_000_000)).unwrap();
        assert_eq!(later, 6_000_000);
    }
}
