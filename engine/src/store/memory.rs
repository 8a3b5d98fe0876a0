//! A store in memory: for tests, and as the model that other stores are compared with.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    Batch, Changes, CommitError, Gen, Key, Limits, Page, Snapshot, Store, StoreError, Value,
    change_log::ChangeLog,
};

/// A store in memory. A commit copies the map when someone holds a snapshot of it, so it suits small contents.
#[derive(Debug)]
pub struct MemoryStore {
    state: RwLock<Arc<State>>,
    changes: ChangeLog,
}

#[derive(Debug, Clone, Default)]
struct State {
    generation: Gen,
    records: BTreeMap<Key, Value>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self {
            state: RwLock::default(),
            changes: ChangeLog::new(Gen::default()),
        }
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        Ok(Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner)) as Arc<dyn Snapshot>)
    }

    fn commit(&self, expect: Gen, batch: &Batch) -> Result<Gen, CommitError> {
        let mut shared = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if shared.generation != expect {
            return Err(CommitError::Conflict);
        }
        let state = Arc::make_mut(&mut shared);
        for (key, value) in batch.iter() {
            match value {
                Some(value) => state.records.insert(key.clone(), value.clone()),
                None => state.records.remove(key),
            };
        }
        state.generation = expect.next();
        self.changes.record(state.generation, batch);
        Ok(state.generation)
    }

    fn limits(&self) -> Limits {
        Limits {
            ops: 16_384,
            bytes: 32 * 1024 * 1024,
        }
    }

    fn changes(&self, after: Gen) -> Changes {
        self.changes.after(after)
    }
}

impl Snapshot for State {
    fn generation(&self) -> Gen {
        self.generation
    }

    fn get(&self, key: &Key) -> Result<Option<Value>, StoreError> {
        Ok(self.records.get(key).cloned())
    }

    fn scan(&self, prefix: &Key, after: Option<&Key>, limit: usize) -> Result<Page, StoreError> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let mut following = self
            .records
            .range::<Key, _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.as_bytes().starts_with(prefix.as_bytes()))
            .map(|(key, value)| (key.clone(), value.clone()));
        let records = following.by_ref().take(limit).collect();
        Ok(Page {
            records,
            more: following.next().is_some(),
        })
    }
}
