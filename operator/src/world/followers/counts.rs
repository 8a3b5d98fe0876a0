//! The volumes that one vault counts.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use strongroom_core::SecretRefName;
use strongroom_wire::admin::{RefVolumes, Volumes};

/// How long a count is good for.
const COUNT_EVERY: Duration = Duration::from_secs(10);

/// The last count.
#[derive(Debug, Default)]
pub struct Counts {
    /// When it began.
    began: Option<Instant>,
    /// What it found; `None` before it ends, and when the vault did not answer.
    found: Option<HashMap<SecretRefName, RefVolumes>>,
    /// What the last one that ended named.
    named: HashSet<SecretRefName>,
}

impl Counts {
    /// Whether a count is due, which then begins. So many callers lead to one request, and none of them waits.
    pub fn begin(&mut self, now: Instant) -> bool {
        let is_fresh = |began| now.saturating_duration_since(began) < COUNT_EVERY;
        let is_due = !self.began.is_some_and(is_fresh);
        if is_due {
            self.began = Some(now);
        }
        is_due
    }

    /// Records what a count found. Returns what the one before named and this one does not.
    pub fn record(&mut self, volumes: Option<Volumes>) -> Vec<SecretRefName> {
        self.found = volumes.map(|volumes| {
            let entries = volumes.refs.into_iter();
            entries
                .map(|counts| (counts.secret_ref.clone(), counts))
                .collect()
        });
        let Some(found) = &self.found else {
            return Vec::new();
        };
        let named = found.keys().cloned().collect();
        let before = std::mem::replace(&mut self.named, named);
        before
            .into_iter()
            .filter(|name| !self.named.contains(name))
            .collect()
    }

    /// The SecretRefs that the vault has volumes of.
    pub fn names(&self) -> impl Iterator<Item = &SecretRefName> {
        self.found.iter().flat_map(HashMap::keys)
    }

    /// The volumes of one SecretRef, none included; `None` while there is no count.
    pub fn of(&self, name: &SecretRefName) -> Option<RefVolumes> {
        let found = self.found.as_ref()?;
        Some(found.get(name).cloned().unwrap_or_else(|| none_of(name)))
    }

    /// Whether the vault was counted and has no volume of this SecretRef.
    pub fn has_none(&self, name: &SecretRefName) -> bool {
        self.found.as_ref().is_some_and(|found| !found.contains_key(name))
    }
}

fn none_of(name: &SecretRefName) -> RefVolumes {
    RefVolumes {
        secret_ref: name.clone(),
        total: 0,
        current: 0,
        outdated: 0,
        failing: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_begins_once_in_ten_seconds_whatever_became_of_it() {
        let mut counts = Counts::default();
        let start = Instant::now();
        assert!(counts.begin(start));
        assert!(!counts.begin(start + Duration::from_secs(9)));
        assert!(counts.begin(start + Duration::from_secs(10)));
        assert!(!counts.begin(start + Duration::from_secs(19)));
    }
}
