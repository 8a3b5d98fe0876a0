//! The keyed digests of the store: a sum that stands for all records, which every change of one moves, and a chain that
//! stands for all states up to one. Only the vault can compute them.
//!
//! ```text
//! sum   = H("strongroom records 2") + H(place, record) of each record           modulo 2^256
//! chain = H(chain of the state before | generation | last number | heads | sum)
//! H     = HMAC-SHA256(key, ...)
//! ```
//!
//! Adding a record to the sum, and taking one away, costs one H, whatever the number of records; a missing, added or
//! altered record shows when all are summed again. The sum is never shown in clear: who knew how much each record adds
//! could look for other records that add up to the same.
//!
//! Version records are not in the sum. A head, or an entry of the index, leads to each by a number that is given out
//! once, and the record opens under that number only.

use std::fmt;

use aws_lc_rs::hmac;

use super::proof::code;
use crate::{
    format::{codec::Encoder, digest::Digest},
    store::{Key, Value},
};

/// Computes digests under one key.
pub struct DigestKey(hmac::Key);

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey(***)")
    }
}

impl DigestKey {
    /// A digest key of these bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The sum of no records.
    pub fn empty(&self) -> Digest {
        self.mac(b"strongroom records 2")
    }

    /// The sum of no heads, with which older programs began: they summed heads alone.
    pub(crate) fn no_heads(&self) -> Digest {
        self.mac(b"strongroom heads 1")
    }

    /// `sum` with the record at `key` added.
    #[must_use]
    pub fn with(&self, sum: Digest, key: &Key, record: &Value) -> Digest {
        sum.plus(self.of(key, record))
    }

    /// `sum` with the record at `key` taken away.
    #[must_use]
    pub fn without(&self, sum: Digest, key: &Key, record: &Value) -> Digest {
        sum.plus(self.of(key, record).negated())
    }

    /// The chain up to the state with these `fields`, which follows the state whose chain is `before`.
    pub(crate) fn chain(&self, before: Digest, fields: &Encoder) -> Digest {
        let mut encoder = Encoder::with_capacity(128);
        encoder
            .array(b"strongroom chain 1")
            .array(before.as_bytes())
            .encoded(fields.as_bytes());
        self.mac(encoder.as_bytes())
    }

    fn of(&self, key: &Key, record: &Value) -> Digest {
        digest(code(&self.0, key, record.as_bytes()))
    }

    fn mac(&self, bytes: &[u8]) -> Digest {
        digest(hmac::sign(&self.0, bytes))
    }
}

/// HMAC-SHA256 has 32 bytes; anything else would be another algorithm.
fn digest(tag: hmac::Tag) -> Digest {
    Digest::from_bytes(tag.as_ref().try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(bytes: &[u8]) -> (Key, Value) {
        (Key::new(bytes), Value::new(bytes))
    }

    proptest! {
        #[test]
        fn the_sum_depends_on_the_set_and_not_on_the_order(
            records in proptest::collection::btree_set(proptest::collection::vec(any::<u8>(), 0..6), 0..8),
            gone in any::<prop::sample::Index>(),
        ) {
            let key = DigestKey::new(&[1; 32]);
            let records: Vec<_> = records.iter().map(|bytes| record(bytes)).collect();
            let add = |digest, (k, v): &(Key, Value)| key.with(digest, k, v);
            let forward = records.iter().fold(key.empty(), add);
            prop_assert_eq!(records.iter().rev().fold(key.empty(), add), forward);
            if !records.is_empty() {
                let (k, v) = gone.get(&records);
                let rest = records.iter().filter(|(other, _)| other != k).fold(key.empty(), add);
                prop_assert_eq!(key.without(forward, k, v), rest);
                prop_assert_ne!(rest, forward);
            }
        }
    }

    #[test]
    fn another_key_gives_another_sum() {
        let (k, v) = record(b"x");
        let [one, two] = [[1; 32], [2; 32]].map(|bytes| DigestKey::new(&bytes));
        assert_ne!(one.empty(), two.empty());
        assert_ne!(one.with(one.empty(), &k, &v), two.with(two.empty(), &k, &v));
    }
}
