//! The plaintext of a version record: its content, then its fields.

use super::{
    codec::{CodecError, Decoder, Encoder},
    encoded::Encoded,
    fields::VersionFields,
};

/// The plaintext of a version's body, in memory that is wiped.
pub fn encode<C: Encoded, F: Encoded>(content: &C, fields: &VersionFields<F>) -> Encoder {
    let mut encoder = Encoder::with_capacity(content.room() + fields.room());
    content.put(&mut encoder);
    fields.put(&mut encoder);
    encoder
}

/// Undoes [`encode`].
pub fn decode<C: Encoded, F: Encoded>(plaintext: &[u8]) -> Result<(C, VersionFields<F>), CodecError> {
    let mut decoder = Decoder::new(plaintext);
    let content = C::take(&mut decoder)?;
    let fields = VersionFields::take(&mut decoder)?;
    decoder.finish()?;
    Ok((content, fields))
}
