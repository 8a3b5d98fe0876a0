//! The heads opened last, so that an object that is asked for often is not unwrapped each time.
//!
//! A memory of a pure function: what is remembered is found only for the same bytes, so nobody can tell it from opening
//! them again, but by the time. It goes with its keyring, and so with the terms that opened it.

use std::{
    any::Any,
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
};

use parking_lot::{Mutex, MutexGuard};

use super::head::Head;
use crate::store::{Key, Value};

/// Parts with a lock of their own.
const SHARDS: usize = 16;

/// Heads in one part: 2,048 in all, of about 2 KiB with the key of a version that was read.
const SHARD: usize = 128;

/// The heads of one part by the key of their record: the record's bytes, and the head that they opened to.
type Shard = HashMap<Key, (Value, Arc<dyn Any + Send + Sync>)>;

/// A bounded number of opened heads, of every kind.
pub struct OpenedHeads {
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

impl std::fmt::Debug for OpenedHeads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenedHeads(***)")
    }
}

impl Default for OpenedHeads {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }
}

impl OpenedHeads {
    /// What the record at `key` opened to, if it is remembered.
    pub(crate) fn get<F: Send + Sync + 'static, O: Send + Sync + 'static>(
        &self,
        key: &Key,
        record: &Value,
    ) -> Option<Arc<Head<F, O>>> {
        let shard = self.shard(key)?;
        let (stored, head) = shard.get(key)?;
        if stored == record {
            Arc::clone(head).downcast().ok()
        } else {
            None
        }
    }

    /// Remembers what the record at `key` opened to, in place of another one where there is no room.
    pub(crate) fn put<F: Send + Sync + 'static, O: Send + Sync + 'static>(
        &self,
        key: Key,
        record: &Value,
        head: &Arc<Head<F, O>>,
    ) {
        let Some(mut shard) = self.shard(&key) else { return };
        if shard.len() >= SHARD && !shard.contains_key(&key) {
            let other = shard.keys().next().cloned();
            other.and_then(|other| shard.remove(&other));
        }
        let head: Arc<dyn Any + Send + Sync> = Arc::clone(head) as _;
        shard.insert(key, (record.clone(), head));
    }

    fn shard(&self, key: &Key) -> Option<MutexGuard<'_, Shard>> {
        let hash = self.hasher.hash_one(key);
        let shard = usize::try_from(hash).unwrap_or_default() % SHARDS;
        self.shards.get(shard).map(Mutex::lock)
    }
}
