//! The versions of keys opened last, ready for use.
//!
//! To unseal a private key and to prepare it takes as long as a signature with it. A version is remembered by the number
//! of its record, which is never given to another, so what is remembered cannot be out of date. It is forgotten with its
//! object, and by itself when nobody uses it.

use std::{fmt, sync::Arc, time::Duration};

use moka::sync::Cache;
use strongroom_core::{NamedObject, ObjectKind, ObjectName, Version};
use strongroom_engine::{Attributes, KeyBundle, crypto_key::release::ReleaseTerms, format::id::Sequence};
use strongroom_keys::{Key, KeyError, KeyOperations, KeyProvider};

/// How many versions are remembered: of RSA 4096 each takes about 10 KiB.
const MOST: u64 = 1024;

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

/// A bounded number of opened versions.
pub struct OpenedKeys(Cache<Sequence, Arc<OpenedKey>>);

impl Default for OpenedKeys {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MOST)
            .time_to_idle(IDLE)
            .support_invalidation_closures();
        Self(cache.build())
    }
}

impl fmt::Debug for OpenedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedKeys")
            .field("keys", &self.0.entry_count())
            .finish()
    }
}

impl OpenedKeys {
    /// The version whose record has this number, if it is remembered.
    pub fn get(&self, record: Sequence) -> Option<Arc<OpenedKey>> {
        self.0.get(&record)
    }

    /// Remembers a version.
    pub fn insert(&self, record: Sequence, key: &Arc<OpenedKey>) {
        self.0.insert(record, Arc::clone(key));
    }

    /// Forgets every version of the keys among `changed`: one that was deleted or purged is not to stay in memory.
    pub fn forget(&self, changed: &[NamedObject]) {
        let mut keys = changed
            .iter()
            .filter(|object| object.kind == ObjectKind::Keys)
            .peekable();
        if keys.peek().is_none() {
            return;
        }
        for object in keys {
            let name = object.name.clone();
            // The cache allows closures, which is all that this could fail for.
            let _ = self.0.invalidate_entries_if(move |_, key| key.name == name);
        }
        // The cache drops them only when it is used again, which may be never.
        self.0.run_pending_tasks();
    }
}
