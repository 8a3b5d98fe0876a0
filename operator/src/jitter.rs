//! Spreads what would otherwise happen at the same time.

use std::time::Duration;

use aws_lc_rs::rand;

/// A duration between nine and eleven tenths of `duration`.
pub fn around(duration: Duration) -> Duration {
    let mut byte = [0_u8; 1];
    // Without randomness nothing is spread, which is no reason to fail.
    let _ = rand::fill(&mut byte);
    let [byte] = byte;
    duration.mul_f64(0.9 + 0.2 * f64::from(byte) / 255.0)
}
