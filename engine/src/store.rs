//! Where records are kept: a sorted map of bytes with atomic batches and snapshots.
//!
//! A store knows nothing of secrets. It counts its commits ([`Gen`]), refuses a batch made against another state than
//! its latest, and says exactly what is known after a failure ([`CommitError`]).

use std::{collections::BTreeMap, sync::Arc};

pub mod memory;
pub mod overlay;
pub mod redb;

pub use memory::MemoryStore;
pub use overlay::Overlay;
pub use redb::{OpenStoreError, RedbOptions, RedbStore};

/// A store's generation: how many batches it has committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Gen(pub u64);

impl Gen {
    /// The generation after one more commit.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A record's key. Keys sort bytewise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Box<[u8]>);

impl Key {
    /// A key of these bytes.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A record's bytes, shared by its readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(Arc<[u8]>);

impl Value {
    /// A value of these bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The bytes of a record with its key.
pub(crate) fn bytes_of(key: &Key, value: &Value) -> u64 {
    let bytes = key.0.len().saturating_add(value.0.len());
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Changes that are committed together: for each key its new value, or none where it is removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    changes: BTreeMap<Key, Option<Value>>,
}

impl Batch {
    /// Sets `key` to `value`; the last word about a key counts.
    pub fn put(&mut self, key: Key, value: Value) {
        self.changes.insert(key, Some(value));
    }

    /// Removes `key`; removing what is not there is no error.
    pub fn remove(&mut self, key: Key) {
        self.changes.insert(key, None);
    }

    /// Adds everything `other` changes.
    pub fn merge(&mut self, other: Self) {
        self.changes.extend(other.changes);
    }

    /// What the batch says about `key`: nothing, that it is removed, or its value.
    pub fn get(&self, key: &Key) -> Option<Option<&Value>> {
        self.changes.get(key).map(Option::as_ref)
    }

    /// The changes by key.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, Option<&Value>)> {
        self.changes.iter().map(|(key, value)| (key, value.as_ref()))
    }

    /// The changes by key, from the one after `after` on.
    pub(crate) fn iter_after<'a>(
        &'a self,
        bound: std::ops::Bound<&'a Key>,
    ) -> impl Iterator<Item = (&'a Key, Option<&'a Value>)> {
        self.changes
            .range::<Key, _>((bound, std::ops::Bound::Unbounded))
            .map(|(key, value)| (key, value.as_ref()))
    }

    /// How many keys change.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Bytes of all keys and values.
    pub fn bytes(&self) -> usize {
        self.iter()
            .map(|(key, value)| key.0.len() + value.map_or(0, |value| value.0.len()))
            .sum()
    }
}

/// What a commit is for: the less it can wait, the more of the disk it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// It takes away access: what the server keeps of policy, and of a store that was put back.
    Govern,
    /// It makes room or takes something out of use: deletes, purges, updates, the vault's own work.
    Tidy,
    /// It adds values. Without room for it, everything else still works.
    Grow,
}

/// What fits in one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Keys changed.
    pub ops: usize,
    /// Bytes of keys and values.
    pub bytes: usize,
}

impl Limits {
    /// One part of `parts` of what a batch may change, and `most` keys at most.
    pub(crate) fn share(self, parts: usize, most: usize) -> usize {
        (self.ops / parts).clamp(1, most)
    }
}

impl Default for Limits {
    /// 16,384 keys and 32 MiB: what a commit can hold in memory several times over, and writes in well under a second.
    fn default() -> Self {
        Self {
            ops: 16_384,
            bytes: 32 * 1024 * 1024,
        }
    }
}

/// One stretch of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The records in key order.
    pub records: Vec<(Key, Value)>,
    /// Whether records with the prefix follow the last one.
    pub more: bool,
}

/// Why a snapshot could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read now; it may be later.
    #[error("the store is unavailable: {0}")]
    Unavailable(Box<str>),
    /// The file's own structure is damaged.
    #[error("the store is corrupt: {0}")]
    Corrupt(Box<str>),
}

/// What is known after a commit failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The store is at another generation than expected; nothing was changed.
    #[error("the store has moved on")]
    Conflict,
    /// There is no room; nothing was changed.
    #[error("the store's disk is full")]
    Full,
    /// Nothing was changed; it may work later.
    #[error("the store cannot be written")]
    Unavailable,
    /// Whether the batch was committed is not known.
    #[error("whether the store kept the change is not known")]
    OutcomeUnknown,
}

/// How many records are fetched at a time while all with a prefix are read.
const STRETCH: usize = 256;

/// Calls `visit` with each record of `snapshot` whose key begins with `prefix`, in key order, until it fails.
pub(crate) fn each<E: From<StoreError>>(
    snapshot: &dyn Snapshot,
    prefix: &Key,
    mut visit: impl FnMut(&Key, &Value) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let page = snapshot.scan(prefix, after.as_ref(), STRETCH)?;
        for (key, record) in &page.records {
            visit(key, record)?;
        }
        after = page.records.last().map(|(key, _)| key.clone());
        if !page.more || after.is_none() {
            return Ok(());
        }
    }
}

/// A sorted map of bytes with atomic, durable batches.
pub trait Store: Send + Sync {
    /// The latest committed state.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, StoreError>;

    /// Commits `batch` durably if the store is still at `expect`; answers the new generation.
    fn commit(&self, expect: Gen, batch: &Batch, purpose: Purpose) -> Result<Gen, CommitError>;

    /// Sets aside `bytes` of the disk for who else writes to it: what grows the store leaves them free.
    fn set_aside(&self, _bytes: u64) {}

    /// What fits in one batch.
    fn limits(&self) -> Limits;
}

/// One committed state of a store, unchanged by later commits.
pub trait Snapshot: Send + Sync {
    /// Its generation.
    fn generation(&self) -> Gen;

    /// The record at `key`.
    fn get(&self, key: &Key) -> Result<Option<Value>, StoreError>;

    /// Up to `limit` records whose keys begin with `prefix`, in key order, from the first after `after` on.
    fn scan(&self, prefix: &Key, after: Option<&Key>, limit: usize) -> Result<Page, StoreError>;
}
