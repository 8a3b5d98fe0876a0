//! What every stored record has in common: four bytes that name it, the format, the vault, then its fields.

use super::{
    codec::{CodecError, Decoder, Encoder, Magic},
    id::VaultId,
};

/// The format of records with a proof behind their fields. Format 1 had none.
const PROVED: u16 = 2;

/// A record whose fields lie open in the store, with a proof of the vault behind them. Heads, versions and the vault's
/// state, which are sealed, have their own encoding.
pub trait Record: Sized {
    /// The four bytes that such a record begins with.
    const MAGIC: Magic;

    /// Writes the fields.
    fn put(&self, fields: &mut Encoder);

    /// Reads what [`Self::put`] wrote.
    fn take(fields: &mut Decoder<'_>) -> Result<Self, CodecError>;

    /// The record as `vault` writes it, before its proof.
    fn encode(&self, vault: VaultId) -> Encoder {
        let mut encoder = Encoder::record_of_format(Self::MAGIC, PROVED, vault);
        self.put(&mut encoder);
        encoder
    }

    /// Reads what [`Self::encode`] wrote for `vault`.
    fn decode(vault: VaultId, bytes: &[u8]) -> Result<Self, CodecError> {
        Self::of_format(PROVED, vault, bytes)
    }

    /// Reads what an older program wrote, which had no proof.
    fn decode_unproved(vault: VaultId, bytes: &[u8]) -> Result<Self, CodecError> {
        Self::of_format(1, vault, bytes)
    }

    /// Reads the record of `vault` in exactly this format. Nothing may follow its fields.
    fn of_format(format: u16, vault: VaultId, bytes: &[u8]) -> Result<Self, CodecError> {
        let mut decoder = Decoder::record(bytes, Self::MAGIC, format, vault)?;
        let record = Self::take(&mut decoder)?;
        decoder.finish()?;
        Ok(record)
    }
}
