//! Spreads what would otherwise happen at the same time.

use std::time::Duration;

use strongroom_core::backoff::spread_around;

/// A duration between nine and eleven tenths of `duration`, by chance.
pub fn around(duration: Duration) -> Duration {
    spread_around(duration, fastrand::f64())
}
