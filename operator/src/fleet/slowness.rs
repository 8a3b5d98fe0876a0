//! How slow a vault has been of late. Pure.

use std::time::Duration;

/// What a vault that answers in time has for all that is asked in one pass.
const PROMPT: Duration = Duration::from_secs(3);
/// The same for one that did not, and is tried apart from the others: policy of tens of thousands of rules on a slow
/// disk takes long and must come through.
const PATIENT: Duration = Duration::from_secs(10);
/// The most that is counted. As often it must answer in time to be among the others again.
const MOST: u32 = 6;

/// What one vault has not answered in time, less what it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slowness(u32);

impl Slowness {
    /// Counts whether the vault answered all of a pass in time.
    pub fn record(&mut self, is_in_time: bool) {
        self.0 = if is_in_time {
            self.0.saturating_sub(1)
        } else {
            (self.0 + 1).min(MOST)
        };
    }

    /// Whether the vault is to be tried apart.
    pub const fn is_slow(self) -> bool {
        self.0 > 0
    }

    /// How long the vault may take for all that it is asked in one pass.
    pub const fn deadline(self) -> Duration {
        if self.is_slow() { PATIENT } else { PROMPT }
    }

    /// How long to leave the vault alone that did not answer in time, where nothing changes: two seconds to a minute.
    pub fn backoff(self) -> Duration {
        Duration::from_secs(1 << self.0).min(Duration::from_mins(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_vault_gets_more_time_apart_and_is_left_alone_for_longer_until_it_answers_as_often() {
        let mut slowness = Slowness::default();
        assert!(!slowness.is_slow());
        assert_eq!(slowness.deadline(), PROMPT);
        let backoffs: Vec<_> = (0..7)
            .map(|_| {
                slowness.record(false);
                slowness.backoff().as_secs()
            })
            .collect();
        assert_eq!(backoffs, [2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(slowness.deadline(), PATIENT);
        for _ in 0..6 {
            assert!(slowness.is_slow());
            slowness.record(true);
        }
        assert!(!slowness.is_slow());
    }
}
