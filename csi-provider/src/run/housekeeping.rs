//! What the node driver looks at from time to time.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::driver::{Driver, Orphans};

/// How often. The kubelet takes about a minute to bring a changed ConfigMap anyway.
const EVERY: Duration = Duration::from_secs(10);

/// How often a changed trust bundle is reported to the volumes: those that were just being mounted had read the one
/// before, and get the second report.
const REPORTS: u8 = 2;

/// Reports a changed trust bundle to the volumes, closes connections that nothing uses, drops tokens that no volume asked
/// for again, and unmounts volumes that are nobody's.
pub(super) async fn run(driver: Arc<Driver>, bundle: PathBuf) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut watched, mut orphans) = (WatchedBundle::default(), Orphans::default());
    loop {
        ticks.tick().await;
        if watched.look(std::fs::read(&bundle).ok()) {
            driver.bundle_changed();
        }
        driver.close_unused_vaults();
        orphans = driver.sweep(&orphans);
        driver.services().sources.loader.forget_exchanges();
    }
}

/// The trust bundle as it was at the last look. What the process before mounted shows the bundle of then, so the first
/// look is a change.
#[derive(Default)]
struct WatchedBundle {
    known: Option<Vec<u8>>,
    reports_left: u8,
}

impl WatchedBundle {
    /// Takes what the bundle is now, `None` if it cannot be read. Answers whether to report it to the volumes.
    fn look(&mut self, now: Option<Vec<u8>>) -> bool {
        if now.is_some() && now != self.known {
            tracing::debug!("another trust bundle");
            (self.known, self.reports_left) = (now, REPORTS);
        }
        let is_due = self.reports_left > 0;
        self.reports_left = self.reports_left.saturating_sub(1);
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_trust_bundle_is_reported_at_two_looks_and_no_other_is() {
        let mut watched = WatchedBundle::default();
        let mut look = |bundle: Option<&str>| watched.look(bundle.map(|text| text.as_bytes().to_vec()));
        assert!(!look(None), "there is none yet");
        assert!(look(Some("one")) && look(Some("one")) && !look(Some("one")));
        assert!(look(Some("two")), "at the first look after the change");
        assert!(look(None), "also where it is away for a moment");
        assert!(!look(Some("two")), "which is no change");
        assert!(look(Some("three")) && look(Some("four")) && look(Some("four")) && !look(Some("four")));
    }
}
