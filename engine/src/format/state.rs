//! The state of the vault as a whole: the number given out last, and what all heads add up to.

use super::{
    codec::{CodecError, Decoder, Encoder, Magic},
    digest::Digest,
    id::Sequence,
    record::Record,
};

/// The vault's state, rewritten by every commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The number given out last.
    pub last: Sequence,
    /// How many heads there are, live and deleted.
    pub heads: u64,
    /// The keyed digest of all heads.
    pub digest: Digest,
}

impl State {
    /// The state of a new vault, whose digest of no heads is `empty`.
    pub const fn new(empty: Digest) -> Self {
        Self {
            last: Sequence(0),
            heads: 0,
            digest: empty,
        }
    }

    /// Gives out the next number.
    pub(crate) const fn next(&mut self) -> Sequence {
        self.last = Sequence(self.last.0.saturating_add(1));
        self.last
    }
}

impl Record for State {
    const MAGIC: Magic = *b"SRst";

    fn put(&self, fields: &mut Encoder) {
        fields
            .u64(self.last.0)
            .u64(self.heads)
            .array(self.digest.as_bytes());
    }

    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            last: Sequence(fields.u64()?),
            heads: fields.u64()?,
            digest: Digest::from_bytes(fields.array()?),
        })
    }
}
