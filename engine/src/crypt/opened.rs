//! The heads opened last, so that a secret that is asked for often is not unwrapped each time.
//!
//! A memory of a pure function: what is remembered is found only for the same bytes, so nobody can tell it from opening
//! them again, but by the time. It goes with its keyring, and so with the terms that opened it.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
};

use parking_lot::{Mutex, MutexGuard};
use strongroom_core::ObjectName;

use super::head::Head;
use crate::store::Value;

/// Parts with a lock of their own.
const SHARDS: usize = 16;

/// Heads in one part: 2,048 in all, of about 1 KiB.
const SHARD: usize = 128;

type Shard = HashMap<ObjectName, (Value, Head)>;

/// A bounded number of opened heads.
pub struct OpenedHeads {
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
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
    /// What `record` opened to, if it is remembered.
    pub(crate) fn get(&self, name: &ObjectName, record: &Value) -> Option<Head> {
        let shard = self.shard(name)?;
        let (stored, head) = shard.get(name)?;
        (stored == record).then(|| head.clone())
    }

    /// Remembers what `record` opened to, in place of another one where there is no room.
    pub(crate) fn put(&self, name: &ObjectName, record: &Value, head: &Head) {
        let Some(mut shard) = self.shard(name) else { return };
        if shard.len() >= SHARD && !shard.contains_key(name) {
            let other = shard.keys().next().cloned();
            other.and_then(|other| shard.remove(&other));
        }
        shard.insert(name.clone(), (record.clone(), head.clone()));
    }

    fn shard(&self, name: &ObjectName) -> Option<MutexGuard<'_, Shard>> {
        let hash = self.hasher.hash_one(name);
        let shard = usize::try_from(hash).unwrap_or_default() % SHARDS;
        self.shards.get(shard).map(|shard| shard.lock())
    }
}
