//! How many exchanges one source may ask for.

use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use strongroom_serving::accept::Source;

/// Exchanges per source.
pub(crate) struct SourceLimiter(DefaultKeyedRateLimiter<Source>);

/// Sources that are remembered before those that are idle are forgotten.
const REMEMBERED: usize = 10_000;

impl SourceLimiter {
    /// `per_second` in the long run, ten times as many at once: a node's driver starts with all its pods.
    pub(crate) fn new(per_second: u32) -> Self {
        let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
        let burst = rate.saturating_mul(NonZeroU32::MIN.saturating_add(9));
        Self(RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)))
    }

    /// Whether `source` may go on; counts it.
    pub(crate) fn admits(&self, source: Source) -> bool {
        if self.0.len() > REMEMBERED {
            self.0.retain_recent();
        }
        self.0.check_key(&source).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn source(text: &str) -> Source {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn one_source_that_asks_too_much_does_not_hold_up_another() {
        let limiter = SourceLimiter::new(1);
        let admitted = (0..20).filter(|_| limiter.admits(source("10.0.0.1"))).count();
        assert_eq!(admitted, 10);
        assert!(limiter.admits(source("10.0.0.2")));
        assert!(!limiter.admits(source("::ffff:10.0.0.1")));
    }
}
