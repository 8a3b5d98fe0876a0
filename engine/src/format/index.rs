//! The index entry of an older version: where its record lies.

use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        id::{Sequence, VaultId},
    },
    store::Value,
};

const MAGIC: Magic = *b"SRix";

/// The entry that points to `sequence`.
pub fn encode(vault: VaultId, sequence: Sequence) -> Value {
    let mut encoder = Encoder::record(MAGIC, vault);
    encoder.u64(sequence.0);
    Value::new(encoder.into_bytes())
}

/// Where an entry points.
pub fn decode(vault: VaultId, record: &Value) -> Result<Sequence, CodecError> {
    let mut decoder = Decoder::record(record.as_bytes(), MAGIC, vault)?;
    let sequence = Sequence(decoder.u64()?);
    decoder.finish()?;
    Ok(sequence)
}
