//! Small records of the server's own, opaque here: the policy bundle, what is known of rollbacks, the audit log's head.

use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        id::VaultId,
    },
    store::Value,
};

const MAGIC: Magic = *b"SRmt";

/// The record that keeps `bytes`.
pub(crate) fn encode(vault: VaultId, bytes: &[u8]) -> Value {
    let mut encoder = Encoder::record(MAGIC, vault);
    encoder.bytes(bytes);
    Value::new(encoder.into_bytes())
}

/// Undoes [`encode`].
pub(crate) fn decode(vault: VaultId, record: &Value) -> Result<Vec<u8>, CodecError> {
    let mut decoder = Decoder::record(record.as_bytes(), MAGIC, vault)?;
    let bytes = decoder.bytes()?.to_vec();
    decoder.finish()?;
    Ok(bytes)
}
