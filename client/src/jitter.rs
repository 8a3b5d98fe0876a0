//! Randomness for delays: spreads callers, is no secret.

use std::time::Duration;

/// A duration between half of `full` and `full`.
pub(crate) fn upper_half(full: Duration) -> Duration {
    full.mul_f64(0.5 + fastrand::f64() / 2.0)
}
