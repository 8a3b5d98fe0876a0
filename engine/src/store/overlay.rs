//! A snapshot as it will be when a batch is committed: what the requests of one batch see of each other.

use std::ops::Bound;

use super::{Batch, Gen, Key, Page, Snapshot, StoreError, Value};

/// A snapshot with changes on top.
pub struct Overlay<'a> {
    base: &'a dyn Snapshot,
    changes: Batch,
}

impl std::fmt::Debug for Overlay<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overlay")
            .field("changes", &self.changes.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Overlay<'a> {
    /// `base` without changes.
    pub fn new(base: &'a dyn Snapshot) -> Self {
        Self {
            base,
            changes: Batch::default(),
        }
    }

    /// Puts more changes on top.
    pub fn add(&mut self, changes: Batch) {
        self.changes.merge(changes);
    }

    /// The changes.
    pub const fn changes(&self) -> &Batch {
        &self.changes
    }

    /// The changes, to be committed.
    pub fn into_changes(self) -> Batch {
        self.changes
    }
}

impl Snapshot for Overlay<'_> {
    /// The generation of the base: the changes have none yet.
    fn generation(&self) -> Gen {
        self.base.generation()
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, StoreError> {
        match self.changes.get(key) {
            Some(changed) => Ok(changed.cloned()),
            None => self.base.get(key),
        }
    }

    fn scan(&self, prefix: &Key, after: Option<&Key>, limit: usize) -> Result<Page, StoreError> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let changes: Vec<_> = self
            .changes
            .iter_after(start)
            .take_while(|(key, _)| key.as_bytes().starts_with(prefix.as_bytes()))
            .collect();
        // Each change takes away at most one record of the base, so this many are enough for a full page.
        let base = self
            .base
            .scan(prefix, after, limit.saturating_add(changes.len()))?;
        let end = base
            .records
            .last()
            .map(|(key, _)| key.clone())
            .filter(|_| base.more);
        let mut merged: std::collections::BTreeMap<Key, Value> = base.records.into_iter().collect();
        let mut more = base.more;
        for (key, value) in changes {
            if end.as_ref().is_some_and(|end| key > end) {
                more = true;
                continue;
            }
            match value {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        more |= merged.len() > limit;
        Ok(Page {
            records: merged.into_iter().take(limit).collect(),
            more,
        })
    }
}
