//! What is looked at from time to time.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::driver::Driver;

/// How often. The kubelet takes about a minute to bring a changed ConfigMap anyway.
const EVERY: Duration = Duration::from_secs(10);

/// Tells volumes of a changed trust bundle, closes connections that nothing uses, and drops tokens that nobody came for.
pub(super) async fn run(driver: Arc<Driver>, bundle: PathBuf) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = std::fs::read(&bundle).ok();
    loop {
        ticks.tick().await;
        let now = std::fs::read(&bundle).ok();
        if now.is_some() && now != known {
            tracing::info!("the trust bundle changed");
            driver.bundle_changed();
            known = now;
        }
        driver.close_unused_vaults();
        driver.services().loader.forget_exchanges();
    }
}
