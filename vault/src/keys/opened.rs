//! The versions of keys opened last, ready for use.
//!
//! To unseal a private key and to prepare it takes as long as a signature with it. A version is remembered by the number
//! of its record, which is never given to another, so what is remembered cannot be out of date. It is forgotten with its
//! object, and by itself when nobody uses it.

use std::{
    fmt,
    num::NonZeroUsize,
    sync::Arc,
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
    idle: Duration,
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

    /// Remembers a version, in the place of that which was used the longest ago where there are enough.
    pub fn insert(&self, record: Sequence, key: &Arc<OpenedKey>) {
        let remembered = Remembered {
            key: Arc::clone(key),
            used: Instant::now(),
        };
        self.keys.lock().put(record, remembered);
    }

    /// Forgets every version of the keys among `changed`: one that was deleted or purged is not to stay in memory.
    pub fn forget(&self, changed: &[NamedObject]) {
        let is_key = |object: &&NamedObject| object.kind == ObjectKind::Keys;
        let names: Vec<_> = changed.iter().filter(is_key).map(|object| &object.name).collect();
        if !names.is_empty() {
            let mut keys = self.keys.lock();
            keys.retain(|_, remembered| !names.contains(&&remembered.key.name));
        }
    }
}
