//! A node around the driver: mounts of its own, a kubelet's calls, a real vault, and the servers around it.

pub mod api;
pub mod driver;
pub mod namespace;
pub mod node;
pub mod vault;

pub use namespace::in_private_mounts;
pub use node::{Node, Pod};

use std::time::{Duration, Instant};

/// Waits until `check` holds, and answers how long that took.
pub async fn eventually(what: &str, within: Duration, mut check: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !check() {
        assert!(began.elapsed() < within, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    began.elapsed()
}
