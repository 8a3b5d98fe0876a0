//! How often a vault that claims what this leader did not bring is taken over again. Pure.

use std::time::{Duration, Instant};

/// The waits after the first claims. A second leader that had not noticed yet that it leads no more is over by then.
const FIRST: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// The wait after each further one.
const FURTHER: Duration = Duration::from_mins(5);
/// Claims before so long a peace no longer count.
const PEACE: Duration = Duration::from_mins(10);

/// The claims of one vault.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Dispute {
    claims: usize,
    /// Until when the vault is not taken over.
    until: Option<Instant>,
}

impl Dispute {
    /// Counts a claim.
    pub(super) fn count(&mut self, now: Instant) {
        let ended = self.until.is_none_or(|until| now >= until + PEACE);
        let before = if ended { 0 } else { self.claims };
        self.until = Some(now + FIRST.get(before).copied().unwrap_or(FURTHER));
        self.claims = before.saturating_add(1);
    }

    /// Whether the vault is left alone for now.
    pub(super) fn waits(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Whether the vault has claimed so often that it is left alone for minutes.
    pub(super) const fn is_stalled(&self) -> bool {
        self.claims > FIRST.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_is_taken_over_a_few_times_and_then_every_five_minutes_until_it_kept_peace() {
        let start = Instant::now();
        let mut dispute = Dispute::default();
        let mut now = start;
        for wait in [1, 2, 4, 300, 300, 300] {
            assert!(!dispute.waits(now));
            dispute.count(now);
            now += Duration::from_secs(wait);
            assert!(
                dispute.waits(now.checked_sub(Duration::from_millis(1)).unwrap()),
                "{wait}"
            );
        }
        assert!(dispute.is_stalled());
        now += PEACE;
        dispute.count(now);
        assert!(!dispute.is_stalled() && !dispute.waits(now + Duration::from_secs(1)));
    }
}
