//! A keyed digest, of all records or of all states, as a number of 256 bits. Who may compute it is the keyring's.

use std::fmt;

/// A digest of a set of records, or of a chain of states.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// From its bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The sum of two digests.
    pub(crate) fn plus(self, other: Self) -> Self {
        let mut sum = [0; 32];
        let mut carry = 0;
        for (out, (a, b)) in sum
            .iter_mut()
            .rev()
            .zip(self.0.iter().rev().zip(other.0.iter().rev()))
        {
            let total = u16::from(*a) + u16::from(*b) + carry;
            *out = total.to_be_bytes()[1];
            carry = total >> 8;
        }
        Self(sum)
    }

    /// What added to this digest gives zero.
    pub(crate) fn negated(self) -> Self {
        let mut one = [0; 32];
        one[31] = 1;
        Self(self.0.map(|byte| !byte)).plus(Self(one))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
