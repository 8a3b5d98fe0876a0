//! The pending erasure: a purged seed may still be in old pages of the file, wrapped under a term to be destroyed.

use strongroom_core::Timestamp;

use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        id::VaultId,
    },
    store::Value,
};

const MAGIC: Magic = *b"SRer";

/// Which terms are to be destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// Since when it is pending.
    pub since: Timestamp,
    /// The newest term that a purged seed was wrapped under.
    pub term: u32,
}

impl Erasure {
    pub(crate) fn encode(self, vault: VaultId) -> Value {
        let mut encoder = Encoder::record(MAGIC, vault);
        encoder.time(self.since).u32(self.term);
        Value::new(encoder.into_bytes())
    }

    pub(crate) fn decode(vault: VaultId, record: &Value) -> Result<Self, CodecError> {
        let mut decoder = Decoder::record(record.as_bytes(), MAGIC, vault)?;
        let erasure = Self {
            since: decoder.time()?,
            term: decoder.u32()?,
        };
        decoder.finish()?;
        Ok(erasure)
    }
}
