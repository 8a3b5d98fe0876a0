//! What every stored record has in common: four bytes that name it, the format, the vault, then its fields.

use super::{
    codec::{CodecError, Decoder, Encoder, Magic},
    id::VaultId,
};
use crate::store::Value;

/// A record whose fields lie open in the store. Heads and versions, which are sealed, have their own encoding.
pub trait Record: Sized {
    /// The four bytes that such a record begins with.
    const MAGIC: Magic;

    /// Writes the fields.
    fn put(&self, fields: &mut Encoder);

    /// Reads what [`Self::put`] wrote.
    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError>;

    /// The record as `vault` stores it.
    fn encode(&self, vault: VaultId) -> Value {
        let mut encoder = Encoder::record(Self::MAGIC, vault);
        self.put(&mut encoder);
        Value::new(encoder.into_bytes())
    }

    /// The record that `vault` stored; one of another vault is refused.
    fn decode(vault: VaultId, record: &Value) -> Result<Self, CodecError> {
        Self::finish(Decoder::record(record.as_bytes(), Self::MAGIC, vault)?)
    }

    /// The record and the vault that it says it is of.
    fn decode_of_any_vault(record: &Value) -> Result<(VaultId, Self), CodecError> {
        let (decoder, vault) = Decoder::record_of_any_vault(record.as_bytes(), Self::MAGIC)?;
        Ok((vault, Self::finish(decoder)?))
    }

    /// Reads the fields, behind which nothing may follow.
    fn finish(mut decoder: Decoder<'_>) -> Result<Self, CodecError> {
        let record = Self::take(&mut decoder)?;
        decoder.finish()?;
        Ok(record)
    }
}
