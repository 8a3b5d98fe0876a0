//! The versions of keys opened last, ready for use.
//!
//! To unseal a private key and to prepare it takes as long as a signature with it. A version is remembered by the number
//! of its record, which is never given to another, so what is remembered cannot be out of date. It is forgotten with its
//! object, and by itself when nobody uses it. One that is read while its object changes is not remembered at all.

use std::{
    array, fmt,
    hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher},
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use lru::LruCache;
use parking_lot::Mutex;
use strongroom_core::{NamedObject, ObjectKind, ObjectName, Version};
use strongroom_engine::{Attributes, KeyBundle, crypto_key::release::ReleaseTerms, format::id::Sequence};
use strongroom_keys::{Key, KeyError, KeyOperations, KeyProvider};

/// How many versions are remembered: of RSA 4096 each takes about 10 KiB.
const MOST: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// For how long one is that nobody uses.
const IDLE: Duration = Duration::from_mins(15);

/// How many counters of changes there are. Names share one by chance, which costs no more than that a key is opened again.
const COUNTERS: usize = 256;

/// A version of a key, ready for use.
#[derive(Debug)]
pub struct OpenedKey {
    /// The key's name, in the spelling in which it was created.
    pub name: ObjectName,
    /// The version.
    pub version: Version,
    /// Its attributes.
    pub attributes: Attributes,
    /// What it may be used for.
    pub operations: KeyOperations,
    /// On what terms it may leave the vault; none where it never does.
    pub release: Option<ReleaseTerms>,
    /// The key itself.
    pub key: Key,
}

impl OpenedKey {
    /// The version that `bundle` holds, with the key that `provider` reads from it.
    ///
    /// # Errors
    /// The stored material is none of the provider's.
    pub fn of(bundle: KeyBundle, provider: &dyn KeyProvider) -> Result<Self, KeyError> {
        let material = bundle.content.as_ref().ok_or(KeyError::Damaged)?;
        Ok(Self {
            key: provider.open(material.expose())?,
            name: bundle.name,
            version: bundle.version,
            attributes: bundle.attributes,
            operations: bundle.fields.operations,
            release: bundle.fields.release,
        })
    }
}

/// A bounded number of opened versions. What it forgets is dropped, and so wiped, at once: a cache that drops later, as those
/// do that readers share without a lock, would keep private keys of which nobody knows.
pub struct OpenedKeys {
    keys: Mutex<LruCache<Sequence, Remembered>>,
    /// How often keys of each name were forgotten. They grow only while `keys` is locked.
    forgotten: [AtomicU64; COUNTERS],
    idle: Duration,
}

/// That a key is about to be read, and how often it had been forgotten before.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    counter: usize,
    forgotten: u64,
}

struct Remembered {
    key: Arc<OpenedKey>,
    used: Instant,
}

impl Default for OpenedKeys {
    fn default() -> Self {
        Self::idle_for(IDLE)
    }
}

impl fmt::Debug for OpenedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedKeys")
            .field("keys", &self.keys.lock().len())
            .finish_non_exhaustive()
    }
}

impl OpenedKeys {
    /// Remembers each version until nobody has used it for so long.
    pub fn idle_for(idle: Duration) -> Self {
        Self {
            keys: Mutex::new(LruCache::new(MOST)),
            forgotten: array::from_fn(|_| AtomicU64::new(0)),
            idle,
        }
    }

    /// Drops what nobody has used for as long as it is remembered. To be called now and then.
    pub fn drop_idle(&self) {
        let mut keys = self.keys.lock();
        while keys
            .peek_lru()
            .is_some_and(|(_, oldest)| oldest.used.elapsed() >= self.idle)
        {
            keys.pop_lru();
        }
    }

    /// The version whose record has this number, if it is remembered.
    pub fn get(&self, record: Sequence) -> Option<Arc<OpenedKey>> {
        let mut keys = self.keys.lock();
        let remembered = keys.get_mut(&record)?;
        remembered.used = Instant::now();
        Some(Arc::clone(&remembered.key))
    }

    /// Notes that a version of the key `name` is about to be read: before the state of the store is taken that it is read
    /// from.
    pub fn begin_reading(&self, name: &ObjectName) -> Reading {
        let counter = counter_of(name);
        Reading {
            counter,
            forgotten: self.times_forgotten(counter),
        }
    }

    /// Remembers a version that was read after `reading` began, in the place of that which was used the longest ago where
    /// there are enough. One that was forgotten since then may be deleted by now, and is not remembered.
    pub fn insert(&self, record: Sequence, key: &Arc<OpenedKey>, reading: Reading) {
        let remembered = Remembered {
            key: Arc::clone(key),
            used: Instant::now(),
        };
        let mut keys = self.keys.lock();
        if self.times_forgotten(reading.counter) == reading.forgotten {
            keys.put(record, remembered);
        }
    }

    /// Forgets every version of the keys among `changed`: one that was deleted or purged is not to stay in memory.
    pub fn forget(&self, changed: &[NamedObject]) {
        let is_key = |object: &&NamedObject| object.kind == ObjectKind::Keys;
        let names: Vec<_> = changed.iter().filter(is_key).map(|object| &object.name).collect();
        if !names.is_empty() {
            let mut keys = self.keys.lock();
            for counter in names
                .iter()
                .filter_map(|name| self.forgotten.get(counter_of(name)))
            {
                counter.fetch_add(1, Ordering::Release);
            }
            keys.retain(|_, remembered| !names.contains(&&remembered.key.name));
        }
    }

    fn times_forgotten(&self, counter: usize) -> u64 {
        let counter = self.forgotten.get(counter);
        counter.map_or(0, |times| times.load(Ordering::Acquire))
    }
}

/// Which counter the key `name` has, in whatever spelling.
fn counter_of(name: &ObjectName) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::new().hash_one(name);
    usize::from(hash.to_le_bytes()[0])
}
