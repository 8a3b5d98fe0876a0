//! How long a bundle may stay in force without the operator confirming it.

/// How far a confirmation may lie in the future: clocks are set back by seconds, not more.
const SKEW_SECONDS: i64 = 60;

/// When the bundle in force was last confirmed, and how old that may grow. All in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Freshness {
    /// When the operator last said that it means this bundle, since 1970.
    pub(super) confirmed: i64,
    /// The longest age; `None` enforces the bundle for ever.
    pub(super) max_staleness: Option<i64>,
}

impl Freshness {
    /// Whether the bundle may decide at `now`. A confirmation from the future proves nothing, so it counts as none.
    pub(super) fn holds(self, now: i64) -> bool {
        match self.max_staleness {
            None => true,
            Some(max) => {
                let age = now.saturating_sub(self.confirmed);
                (-SKEW_SECONDS..max).contains(&age)
            }
        }
    }

    /// When it stops deciding unless it is confirmed before.
    pub(super) fn ends(self) -> Option<i64> {
        self.max_staleness.map(|max| self.confirmed.saturating_add(max))
    }

    /// Whether the confirmation at `now` must be written down: a restart may shorten the time that is left by a
    /// sixteenth, and a confirmation every ten seconds is not worth a commit each.
    pub(super) fn must_persist(self, persisted: i64) -> bool {
        self.max_staleness
            .is_some_and(|max| self.confirmed.saturating_sub(persisted) >= (max / 16).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_limit_a_bundle_holds_for_ever() {
        assert!(
            Freshness {
                confirmed: 0,
                max_staleness: None
            }
            .holds(i64::MAX)
        );
    }

    #[test]
    fn a_bundle_ends_exactly_at_its_staleness() {
        let freshness = Freshness {
            confirmed: 1000,
            max_staleness: Some(100),
        };
        assert!(freshness.holds(1000) && freshness.holds(1099));
        assert!(!freshness.holds(1100) && !freshness.holds(i64::MAX));
        assert_eq!(freshness.ends(), Some(1100));
    }

    #[test]
    fn a_confirmation_from_the_future_is_none() {
        let freshness = Freshness {
            confirmed: 1000,
            max_staleness: Some(100),
        };
        assert!(freshness.holds(940));
        assert!(!freshness.holds(939) && !freshness.holds(0));
    }

    #[test]
    fn confirmations_are_written_down_at_a_sixteenth_of_the_limit() {
        let freshness = Freshness {
            confirmed: 1000,
            max_staleness: Some(160),
        };
        assert!(!freshness.must_persist(991) && freshness.must_persist(990));
        assert!(
            !Freshness {
                confirmed: 1000,
                max_staleness: None
            }
            .must_persist(0)
        );
    }
}
