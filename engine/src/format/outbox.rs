//! An audit record on its way from a commit to the log.

use strongroom_audit::Entry;

use crate::{
    format::{
        codec::{CodecError, Decoder, Encoder, Magic},
        id::VaultId,
    },
    store::Value,
};

const MAGIC: Magic = *b"SRob";

/// The record that keeps `entry`.
pub(crate) fn encode(vault: VaultId, entry: &Entry) -> Value {
    let mut encoder = Encoder::record(MAGIC, vault);
    encoder.bytes(entry.as_bytes());
    Value::new(encoder.into_bytes())
}

/// Undoes [`encode`].
pub(crate) fn decode(vault: VaultId, record: &Value) -> Result<Entry, CodecError> {
    let mut decoder = Decoder::record(record.as_bytes(), MAGIC, vault)?;
    let entry = decoder.bytes()?.to_vec();
    decoder.finish()?;
    Entry::from_bytes(entry).map_err(|_| CodecError::Field)
}
