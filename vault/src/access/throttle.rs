//! Rates: failed authentications and lists of revoked certificates per source, requests per account.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use strongroom_core::Uid;
use strongroom_serving::accept::Source;
use strongroom_serving::rate::RateLimiter;

use super::outcome::Failure;

/// Failed authentications of one source per second. Every first request of an Azure client fails, to get its
/// challenge, and a node may stand for all of its pods.
const FAILURES_PER_SECOND: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// How many may come at once: the pods of a full node starting together.
const FAILURES_AT_ONCE: NonZeroU32 = NonZeroU32::new(500).unwrap();

/// The rates of one vault.
#[derive(Debug)]
pub(super) struct Throttle {
    failures: RateLimiter<Source>,
    /// Those of the failures for which a token was verified: requests without one cost little, and do not keep a source
    /// from showing a token.
    tokens: RateLimiter<Source>,
    /// Of lists, for which nobody shows a token: at the same rate as failures, and without keeping a source from a challenge.
    lists: RateLimiter<Source>,
    accounts: RateLimiter<Uid>,
}

impl Throttle {
    /// Rates that let one account send `account_rate` requests per second.
    pub(super) fn new(account_rate: NonZeroU32) -> Self {
        Self {
            failures: RateLimiter::new(FAILURES_PER_SECOND, FAILURES_AT_ONCE),
            tokens: RateLimiter::new(FAILURES_PER_SECOND, FAILURES_AT_ONCE),
            lists: RateLimiter::new(FAILURES_PER_SECOND, FAILURES_AT_ONCE),
            accounts: RateLimiter::new(account_rate, account_rate),
        }
    }

    /// Counts one failed authentication of `source` at `now`.
    pub(super) fn count_failure(&self, source: Source, now: Instant) -> Result<(), Failure> {
        self.failures.admit(&source, now).map_err(throttled)
    }

    /// Whether a token that `source` shows may be verified. Counts nothing.
    pub(super) fn check_tokens(&self, source: Source) -> Result<(), Failure> {
        self.tokens.check(&source, Instant::now()).map_err(throttled)
    }

    /// Counts one token of `source` that was refused at `now`.
    pub(super) fn count_token(&self, source: Source, now: Instant) {
        // What is beyond the rate was checked before.
        let _ = self.tokens.admit(&source, now);
    }

    /// Counts one request of `source` for a list of revoked certificates.
    pub(super) fn count_list(&self, source: Source) -> Result<(), Failure> {
        self.lists.admit(&source, Instant::now()).map_err(throttled)
    }

    /// Counts one request of `account`.
    pub(super) fn count_request(&self, account: &Uid) -> Result<(), Failure> {
        self.accounts.admit(account, Instant::now()).map_err(throttled)
    }

    /// Forgets the sources and accounts that have been quiet. To be called every few seconds: it bounds what is kept.
    pub(super) fn forget_quiet(&self) {
        let now = Instant::now();
        self.failures.forget_resting(now);
        self.tokens.forget_resting(now);
        self.lists.forget_resting(now);
        self.accounts.forget_resting(now);
    }
}

fn throttled(time: Duration) -> Failure {
    Failure::Throttled(
        u32::try_from(time.as_secs())
            .unwrap_or(u32::MAX)
            .saturating_add(1),
    )
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn a_source_that_keeps_failing_must_wait_and_others_need_not() {
        let (throttle, now) = (Throttle::new(NonZeroU32::MIN), Instant::now());
        let source = |last| Source::from(IpAddr::from([10, 0, 0, last]));
        let failed =
            (0..=FAILURES_AT_ONCE.get() * 2).find_map(|_| throttle.count_failure(source(1), now).err());
        assert_eq!(failed, Some(Failure::Throttled(1)));
        assert_eq!(throttle.count_failure(source(2), now), Ok(()));
    }

    #[test]
    fn a_source_that_shows_nothing_but_refused_tokens_comes_to_both_its_limits_with_the_same_one() {
        let throttle = Throttle::new(NonZeroU32::MIN);
        let source = Source::from(IpAddr::from([10, 0, 0, 1]));
        let (mut refused, mut now) = (0, Instant::now());
        while throttle.check_tokens(source).is_ok() {
            now = Instant::now();
            throttle.count_token(source, now);
            assert_eq!(throttle.count_failure(source, now), Ok(()), "token {refused}");
            refused += 1;
        }
        assert!(refused >= FAILURES_AT_ONCE.get(), "{refused}");
        assert!(throttle.count_failure(source, now).is_err());
    }

    #[test]
    fn a_source_that_asks_for_too_many_lists_must_wait_for_the_next_and_may_still_fail() {
        let throttle = Throttle::new(NonZeroU32::MIN);
        let source = |last| Source::from(IpAddr::from([10, 0, 0, last]));
        let refused = (0..=FAILURES_AT_ONCE.get() * 2).find_map(|_| throttle.count_list(source(1)).err());
        assert_eq!(refused, Some(Failure::Throttled(1)));
        assert_eq!(throttle.count_list(source(2)), Ok(()));
        assert_eq!(throttle.count_failure(source(1), Instant::now()), Ok(()));
    }

    #[test]
    fn an_account_beyond_its_rate_must_wait() {
        let throttle = Throttle::new(NonZeroU32::MIN);
        let account: Uid = "uid-1".parse().unwrap();
        assert_eq!(throttle.count_request(&account), Ok(()));
        assert_eq!(throttle.count_request(&account), Err(Failure::Throttled(1)));
    }
}
