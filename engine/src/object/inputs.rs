//! The randomness of one operation: given from outside, so that the operation is a pure function.

use aws_lc_rs::hmac;
use strongroom_core::Version;

use crate::crypt::cipher::KeyBytes;

/// A stream of random values grown from 32 fresh random bytes, which serve one operation only.
///
/// Each value is HMAC-SHA256(entropy, counter), so the same entropy gives the same operation: tests and the crash
/// simulator count on it.
pub struct Inputs {
    key: hmac::Key,
    drawn: u64,
}

impl std::fmt::Debug for Inputs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inputs(***)")
    }
}

impl Inputs {
    /// The stream of `entropy`.
    pub fn new(entropy: &KeyBytes) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, entropy.as_slice()),
            drawn: 0,
        }
    }

    /// 32 random bytes.
    pub(crate) fn bytes(&mut self) -> KeyBytes {
        let mac = hmac::sign(&self.key, &self.drawn.to_be_bytes());
        self.drawn = self.drawn.wrapping_add(1);
        // HMAC-SHA256 has 32 bytes; anything else would be another algorithm.
        KeyBytes::new(mac.as_ref().try_into().unwrap_or_default())
    }

    /// A version id.
    pub(crate) fn version(&mut self) -> Version {
        let bytes = self.bytes();
        Version::from_bytes(bytes.first_chunk().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_entropy_gives_the_same_values_and_no_value_comes_twice() {
        let [mut a, mut b] = [(); 2].map(|()| Inputs::new(&KeyBytes::new([5; 32])));
        let first = a.bytes();
        assert_eq!(*first, *b.bytes());
        assert_ne!(*first, *a.bytes());
    }
}
