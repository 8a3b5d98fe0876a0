//! A store in memory: for tests, and as the model that other stores are compared with.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use parking_lot::RwLock;

use super::{Batch, CommitError, Gen, Key, Limits, Page, Purpose, Snapshot, Store, StoreError, Value};

/// A store in memory. A commit copies the map when someone holds a snapshot of it, so it suits small contents.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: RwLock<Arc<State>>,
}

#[derive(Debug, Clone, Default)]
struct State {
    generation: Gen,
    records: BTreeMap<Key, Value>,
}

impl MemoryStore {
    /// A store that holds these records at this generation. Any program may have written them.
    pub fn holding(generation: Gen, records: impl IntoIterator<Item = (Key, Value)>) -> Self {
        let state = State {
            generation,
            records: records.into_iter().collect(),
        };
        Self {
            state: RwLock::new(Arc::new(state)),
        }
    }
}

impl Store for MemoryStore {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError> {
        Ok(Arc::clone(&self.state.read()) as Arc<dyn Snapshot>)
    }

    fn commit(&self, expect: Gen, batch: &Batch, _: Purpose) -> Result<Gen, CommitError> {
        let mut shared = self.state.write();
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
        Ok(state.generation)
    }

    fn limits(&self) -> Limits {
        Limits::default()
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
