//! The `SecretRef`s that changed just now.
//!
//! A node reads a SecretRef, fetches, writes, and only then subscribes. A change in between reaches no stream;
//! so the vault announces it also to each subscription that begins soon after.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use strongroom_core::SecretRefName;

/// Longer than the kubelet waits for a mount.
const SPAN: Duration = Duration::from_mins(3);
/// Beyond that many, those that changed longest ago are forgotten.
const MOST: usize = 4096;

/// What changed, and when.
#[derive(Debug, Default)]
pub(super) struct RecentRefChanges(HashMap<SecretRefName, Instant>);

impl RecentRefChanges {
    /// Notes a change.
    pub(super) fn note(&mut self, changed: &SecretRefName, now: Instant) {
        if self.0.len() >= MOST {
            self.0.retain(|_, at| now.saturating_duration_since(*at) < SPAN);
        }
        if self.0.len() >= MOST
            && let Some(oldest) = self
                .0
                .iter()
                .min_by_key(|(_, at)| **at)
                .map(|(name, _)| name.clone())
        {
            self.0.remove(&oldest);
        }
        self.0.insert(changed.clone(), now);
    }

    /// Whether `secret_ref` changed just now.
    pub(super) fn has(&self, secret_ref: &SecretRefName, now: Instant) -> bool {
        let at = self.0.get(secret_ref);
        at.is_some_and(|at| now.saturating_duration_since(*at) < SPAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret_ref(number: usize) -> SecretRefName {
        SecretRefName {
            namespace: "shop".parse().unwrap(),
            name: format!("r{number}").parse().unwrap(),
        }
    }

    #[test]
    fn a_change_is_recent_for_as_long_as_a_mount_may_take() {
        let (mut recent, now) = (RecentRefChanges::default(), Instant::now());
        recent.note(&secret_ref(1), now);
        assert!(recent.has(&secret_ref(1), now + SPAN / 2));
        assert!(!recent.has(&secret_ref(1), now + SPAN));
        assert!(!recent.has(&secret_ref(2), now));
    }

    #[test]
    fn many_changes_push_out_the_oldest() {
        let (mut recent, now) = (RecentRefChanges::default(), Instant::now());
        for number in 0..=MOST {
            let at = now + Duration::from_micros(number.try_into().unwrap());
            recent.note(&secret_ref(number), at);
        }
        assert_eq!(recent.0.len(), MOST);
        assert!(!recent.has(&secret_ref(0), now) && recent.has(&secret_ref(MOST), now));
    }
}
