//! The lists that were made last, and the making of others, one at a time.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use lru::LruCache;
use parking_lot::Mutex;
use strongroom_core::Timestamp;
use strongroom_engine::Objects;
use tokio::{sync::Mutex as Turns, task::spawn_blocking, time::timeout};

use super::{AuthorityVersion, ListError, ListMaker, Numbers, RENEWED, RevocationList};
use crate::keys::Keys;

/// How many lists are kept.
const MOST: NonZeroUsize = NonZeroUsize::new(1024).unwrap();

/// How many bytes they have together at most. The longest has about half a MiB.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// How long who asks for a list waits for the making of others.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lists of a vault's authorities.
#[derive(Debug)]
pub struct RevocationLists {
    kept: Mutex<Kept>,
    making: Arc<Turns<()>>,
    maker: ListMaker,
}

#[derive(Debug)]
struct Kept {
    lists: LruCache<AuthorityVersion, Arc<RevocationList>>,
    bytes: usize,
    /// How often any was forgotten: what was read before that is not kept.
    forgotten: u64,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            lists: LruCache::new(MOST),
            bytes: 0,
            forgotten: 0,
        }
    }
}

impl RevocationLists {
    /// Lists of what is revoked in `objects`, signed with `keys`.
    pub fn new(objects: Objects, keys: Arc<Keys>) -> Arc<Self> {
        let maker = ListMaker {
            objects,
            keys,
            numbers: Numbers::default(),
        };
        Arc::new(Self {
            kept: Mutex::default(),
            making: Arc::default(),
            maker,
        })
    }

    /// The list of `authority` at `now`: one that is kept, or is made.
    ///
    /// # Errors
    /// No authority has its list there, others are made before it, or the store cannot be used.
    pub async fn of(
        self: &Arc<Self>,
        authority: &AuthorityVersion,
        now: Timestamp,
    ) -> Result<Arc<RevocationList>, ListError> {
        if let Some(list) = self.kept(authority, now) {
            return Ok(list);
        }
        let turn = timeout(PATIENCE, Arc::clone(&self.making).lock_owned()).await;
        let turn = turn.map_err(|_| ListError::Busy)?;
        // Who had the turn before may have made it.
        if let Some(list) = self.kept(authority, now) {
            return Ok(list);
        }
        let (lists, authority) = (Arc::clone(self), authority.clone());
        // The turn goes with the work, which goes on where its client has gone away.
        let made = spawn_blocking(move || {
            let made = lists.make(authority, now);
            drop(turn);
            made
        });
        made.await.map_err(|_| ListError::Busy)?
    }

    /// Has the list of `authority` forgotten when what is returned is dropped: at the latest before a revocation is acknowledged,
    /// and not before it is stored.
    pub fn forgetting(self: &Arc<Self>, authority: AuthorityVersion) -> Forgetting {
        Forgetting {
            lists: Arc::clone(self),
            authority,
        }
    }

    fn kept(&self, authority: &AuthorityVersion, now: Timestamp) -> Option<Arc<RevocationList>> {
        self.kept.lock().fresh(authority, now)
    }

    fn make(&self, authority: AuthorityVersion, now: Timestamp) -> Result<Arc<RevocationList>, ListError> {
        let forgotten = self.kept.lock().forgotten;
        let list = Arc::new(self.maker.make(&authority, now)?);
        let mut kept = self.kept.lock();
        if kept.forgotten == forgotten {
            kept.put(authority, &list);
        }
        Ok(list)
    }
}

impl Kept {
    /// The list, if it is not too old, whichever way the clock went.
    fn fresh(&mut self, authority: &AuthorityVersion, now: Timestamp) -> Option<Arc<RevocationList>> {
        let list = self.lists.get(authority)?;
        let age = now.unix().abs_diff(list.made.unix());
        (age < RENEWED).then(|| Arc::clone(list))
    }

    fn put(&mut self, authority: AuthorityVersion, list: &Arc<RevocationList>) {
        self.bytes = self.bytes.saturating_add(list.der.len());
        let before = self.lists.push(authority, Arc::clone(list));
        self.note_gone(before);
        while self.bytes > MOST_BYTES {
            let oldest = self.lists.pop_lru();
            if oldest.is_none() {
                return;
            }
            self.note_gone(oldest);
        }
    }

    fn forget(&mut self, authority: &AuthorityVersion) {
        self.forgotten = self.forgotten.wrapping_add(1);
        let gone = self.lists.pop_entry(authority);
        self.note_gone(gone);
    }

    fn note_gone(&mut self, gone: Option<(AuthorityVersion, Arc<RevocationList>)>) {
        let bytes = gone.map_or(0, |(_, list)| list.der.len());
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// Has a list forgotten when it is dropped.
#[derive(Debug)]
#[must_use = "the list is forgotten when this is dropped"]
pub struct Forgetting {
    lists: Arc<RevocationLists>,
    authority: AuthorityVersion,
}

impl Drop for Forgetting {
    fn drop(&mut self) {
        self.lists.kept.lock().forget(&self.authority);
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::Version;

    use super::*;

    fn authority(number: u8) -> AuthorityVersion {
        AuthorityVersion {
            name: "ca".parse().unwrap(),
            version: Version::from_bytes([number; 16]),
        }
    }

    fn list(bytes: usize) -> Arc<RevocationList> {
        Arc::new(RevocationList {
            der: vec![0; bytes].into(),
            number: 1,
            made: Timestamp::from_unix(1_000_000),
        })
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    #[test]
    fn a_list_is_kept_for_an_hour_whichever_way_the_clock_goes_and_until_it_is_forgotten() {
        let mut kept = Kept::default();
        kept.put(authority(1), &list(10));
        for (now, is_kept) in [
            (1_000_000, true),
            (1_003_599, true),
            (1_003_600, false),
            (996_400, false),
        ] {
            assert_eq!(kept.fresh(&authority(1), at(now)).is_some(), is_kept, "{now}");
        }
        assert!(kept.fresh(&authority(2), at(1_000_000)).is_none());
        kept.forget(&authority(2));
        assert!(kept.fresh(&authority(1), at(1_000_000)).is_some());
        kept.forget(&authority(1));
        assert!(kept.fresh(&authority(1), at(1_000_000)).is_none());
        assert_eq!(kept.bytes, 0);
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes_and_the_list_that_nobody_asked_for_goes_first() {
        let mut kept = Kept::default();
        kept.put(authority(1), &list(MOST_BYTES / 2));
        kept.put(authority(2), &list(MOST_BYTES / 2));
        kept.put(authority(2), &list(MOST_BYTES / 2));
        assert_eq!((kept.lists.len(), kept.bytes), (2, MOST_BYTES));
        assert!(kept.lists.get(&authority(1)).is_some());
        kept.put(authority(3), &list(1));
        assert!(kept.lists.peek(&authority(2)).is_none());
        assert_eq!(kept.bytes, MOST_BYTES / 2 + 1);
        kept.put(authority(4), &list(MOST_BYTES + 1));
        assert_eq!((kept.lists.len(), kept.bytes), (0, 0));
    }
}
