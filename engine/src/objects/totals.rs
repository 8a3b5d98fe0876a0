//! What all records add up to, kept as they change.

use crate::{
    crypt::digest::DigestKey,
    format::{digest::Digest, key, state::State},
    store::{Key, Value, bytes_of},
};

/// What records add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// The heads, live and deleted.
    pub heads: u64,
    /// The sum of all records that are in it.
    pub sum: Digest,
    /// The bytes of all records that are part of an object.
    pub bytes: u64,
}

impl Totals {
    /// Of no records.
    pub fn empty(digests: &DigestKey) -> Self {
        Self {
            heads: 0,
            sum: digests.empty(),
            bytes: 0,
        }
    }

    /// As `state` has them.
    pub const fn of(state: &State) -> Self {
        Self {
            heads: state.heads,
            sum: state.sum,
            bytes: state.bytes,
        }
    }

    /// Adds the record at `key`.
    pub fn add(&mut self, digests: &DigestKey, key: &Key, record: &Value) {
        if key::is_summed(key) {
            self.sum = digests.with(self.sum, key, record);
        }
        if key::is_head(key) {
            self.heads = self.heads.saturating_add(1);
        }
        if key::is_of_object(key) {
            self.bytes = self.bytes.saturating_add(bytes_of(key, record));
        }
    }

    /// Takes the record at `key` away, which was among those added.
    pub fn remove(&mut self, digests: &DigestKey, key: &Key, record: &Value) {
        if key::is_summed(key) {
            self.sum = digests.without(self.sum, key, record);
        }
        if key::is_head(key) {
            self.heads = self.heads.saturating_sub(1);
        }
        if key::is_of_object(key) {
            self.bytes = self.bytes.saturating_sub(bytes_of(key, record));
        }
    }
}
