//! The state of the vault as a whole: the number given out last, and what all heads add up to.

use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        digest::Digest,
        id::{Sequence, VaultId},
    },
    store::Value,
};

const MAGIC: Magic = *b"SRst";

/// The vault's state, rewritten by every commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The vault.
    pub vault: VaultId,
    /// The number given out last.
    pub last: Sequence,
    /// How many heads there are, live and deleted.
    pub heads: u64,
    /// The keyed digest of all heads.
    pub digest: Digest,
}

impl State {
    /// The state of a new vault, whose digest of no heads is `empty`.
    pub const fn new(vault: VaultId, empty: Digest) -> Self {
        Self {
            vault,
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

    pub(crate) fn encode(&self) -> Value {
        let mut encoder = Encoder::record(MAGIC, self.vault);
        encoder
            .u64(self.last.0)
            .u64(self.heads)
            .array(self.digest.as_bytes());
        Value::new(encoder.into_bytes())
    }

    /// The state of whichever vault the store is of.
    pub(crate) fn decode(record: &Value) -> Result<Self, CodecError> {
        let (mut decoder, vault) = Decoder::record_of_any_vault(record.as_bytes(), MAGIC)?;
        let state = Self {
            vault,
            last: Sequence(decoder.u64()?),
            heads: decoder.u64()?,
            digest: Digest::from_bytes(decoder.array()?),
        };
        decoder.finish()?;
        Ok(state)
    }
}
