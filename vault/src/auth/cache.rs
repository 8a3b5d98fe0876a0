//! Tokens that were verified before, by their hash.

use std::{fmt, sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;

use super::Authenticated;

/// The most tokens remembered: about a kilobyte each.
const MAX_TOKENS: u64 = 8192;

/// The SHA-256 of a token: the token itself is never kept.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(super) fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(hash)
    }
}

/// A token that was verified.
#[derive(Clone)]
pub(super) struct Verified {
    pub(super) holder: Arc<Authenticated>,
    /// The key under which it was.
    pub(super) key_id: Arc<str>,
}

/// Remembers verified tokens, none past its expiry.
pub(super) struct TokenCache(Cache<TokenHash, Verified>);

impl TokenCache {
    pub(super) fn get(&self, hash: &TokenHash, now: i64) -> Option<Verified> {
        let found = self.0.get(hash)?;
        if found.holder.expires > now {
            return Some(found);
        }
        self.0.invalidate(hash);
        None
    }

    pub(super) fn insert(&self, hash: TokenHash, verified: Verified) {
        self.0.insert(hash, verified);
    }
}

impl Default for TokenCache {
    fn default() -> Self {
        Self(
            Cache::builder()
                .max_capacity(MAX_TOKENS)
                .time_to_idle(Duration::from_mins(15))
                .build(),
        )
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("tokens", &self.0.entry_count())
            .finish()
    }
}
