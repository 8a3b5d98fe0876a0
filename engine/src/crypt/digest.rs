//! The keyed digest of all heads: a sum that every change of a head moves, and that only the vault can compute.
//!
//! The sum, modulo 2^256, of HMAC-SHA256(key, encoded key and value of each head), begun at the key's own HMAC of
//! nothing. Adding and taking away a head costs one HMAC, whatever the number of heads; a missing, added or altered
//! head shows when all heads are summed again.

use std::fmt;

use aws_lc_rs::hmac;

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

    /// The digest of no heads.
    pub fn empty(&self) -> Digest {
        self.mac(b"strongroom heads 1")
    }

    /// `digest` with the head at `key` added.
    #[must_use]
    pub fn with(&self, digest: Digest, key: &Key, head: &Value) -> Digest {
        digest.plus(self.of(key, head))
    }

    /// `digest` with the head at `key` taken away.
    #[must_use]
    pub fn without(&self, digest: Digest, key: &Key, head: &Value) -> Digest {
        digest.plus(self.of(key, head).negated())
    }

    fn of(&self, key: &Key, head: &Value) -> Digest {
        let mut encoder = Encoder::with_capacity(key.as_bytes().len() + head.as_bytes().len() + 8);
        encoder.bytes(key.as_bytes()).bytes(head.as_bytes());
        self.mac(encoder.as_bytes())
    }

    /// HMAC-SHA256 has 32 bytes; anything else would be another algorithm.
    fn mac(&self, bytes: &[u8]) -> Digest {
        Digest::from_bytes(hmac::sign(&self.0, bytes).as_ref().try_into().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(bytes: &[u8]) -> (Key, Value) {
        (Key::new(bytes), Value::new(bytes))
    }

    proptest! {
        #[test]
        fn the_digest_depends_on_the_set_and_not_on_the_order(
            heads in proptest::collection::btree_set(proptest::collection::vec(any::<u8>(), 0..6), 0..8),
            gone in any::<prop::sample::Index>(),
        ) {
            let key = DigestKey::new(&[1; 32]);
            let heads: Vec<_> = heads.iter().map(|bytes| head(bytes)).collect();
            let add = |digest, (k, v): &(Key, Value)| key.with(digest, k, v);
            let forward = heads.iter().fold(key.empty(), add);
            prop_assert_eq!(heads.iter().rev().fold(key.empty(), add), forward);
            if !heads.is_empty() {
                let (k, v) = gone.get(&heads);
                let rest = heads.iter().filter(|(other, _)| other != k).fold(key.empty(), add);
                prop_assert_eq!(key.without(forward, k, v), rest);
                prop_assert_ne!(rest, forward);
            }
        }
    }

    #[test]
    fn another_key_gives_another_digest() {
        let (k, v) = head(b"x");
        let [one, two] = [[1; 32], [2; 32]].map(|bytes| DigestKey::new(&bytes));
        assert_ne!(one.empty(), two.empty());
        assert_ne!(one.with(one.empty(), &k, &v), two.with(two.empty(), &k, &v));
    }
}
