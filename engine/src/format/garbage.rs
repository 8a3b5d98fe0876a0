//! What is left of a purged object, or of a restore that did not finish: versions that nobody can open any more.

use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        id::{Sequence, VaultId},
    },
    store::Value,
};

const MAGIC: Magic = *b"SRgb";

/// The index entries of the object lead to its older versions; the current one had none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Garbage {
    /// Where the current version's record lies.
    pub current: Option<Sequence>,
}

impl Garbage {
    pub(crate) fn encode(self, vault: VaultId) -> Value {
        let mut encoder = Encoder::record(MAGIC, vault);
        encoder.option(self.current, |e, sequence| {
            e.u64(sequence.0);
        });
        Value::new(encoder.into_bytes())
    }

    pub(crate) fn decode(vault: VaultId, record: &Value) -> Result<Self, CodecError> {
        let mut decoder = Decoder::record(record.as_bytes(), MAGIC, vault)?;
        let current = decoder.option(|d| d.u64().map(Sequence))?;
        decoder.finish()?;
        Ok(Self { current })
    }
}
