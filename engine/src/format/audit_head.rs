//! How far the audit log had reached the disk at a commit: a log that ends before it has lost records.

use strongroom_audit::{Hash, Head};

use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        id::VaultId,
    },
    store::Value,
};

const MAGIC: Magic = *b"SRah";

/// The record that keeps `head`.
pub(crate) fn encode(vault: VaultId, head: &Head) -> Value {
    let mut encoder = Encoder::record(MAGIC, vault);
    encoder.u64(head.sequence).array(head.hash.as_bytes());
    Value::new(encoder.into_bytes())
}

/// Undoes [`encode`].
pub(crate) fn decode(vault: VaultId, record: &Value) -> Result<Head, CodecError> {
    let mut decoder = Decoder::record(record.as_bytes(), MAGIC, vault)?;
    let head = Head {
        sequence: decoder.u64()?,
        hash: Hash::from_bytes(decoder.array()?),
    };
    decoder.finish()?;
    Ok(head)
}
