//! What is looked at from time to time.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::driver::Driver;

/// How often. The kubelet takes about a minute to bring a changed ConfigMap anyway.
const EVERY: Duration = Duration::from_secs(10);

/// How often volumes are told of a changed trust bundle: those that were just being mounted had read the one before, and
/// are told the second time.
const TOLD: u8 = 2;

/// Tells volumes of a changed trust bundle, closes connections that nothing uses, and drops tokens that nobody came for.
pub(super) async fn run(driver: Arc<Driver>, bundle: PathBuf) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What the process before mounted shows the bundle of then: the first look is a change.
    let (mut known, mut to_tell) = (None, 0);
    loop {
        ticks.tick().await;
        let now = std::fs::read(&bundle).ok();
        if now.is_some() && now != known {
            tracing::debug!("another trust bundle");
            (known, to_tell) = (now, TOLD);
        }
        if to_tell > 0 {
            driver.bundle_changed();
            to_tell -= 1;
        }
        driver.close_unused_vaults();
        driver.services().sources.loader.forget_exchanges();
    }
}
