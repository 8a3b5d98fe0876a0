//! The plaintext of a version record: its value, then its fields.

use zeroize::Zeroizing;

use super::{
    codec::{CodecError, Decoder, Encoder},
    fields::VersionFields,
    value::SecretValue,
};

/// The plaintext of a version's body, in memory that is wiped.
pub(crate) fn encode(value: &SecretValue, fields: &VersionFields) -> Encoder {
    let mut encoder = Encoder::with_capacity(value.len() + 4 + fields.encoded_size());
    encoder.text(value.expose());
    fields.encode(&mut encoder);
    encoder
}

/// Undoes [`encode`].
pub(crate) fn decode(plaintext: &[u8]) -> Result<(SecretValue, VersionFields), CodecError> {
    let mut decoder = Decoder::new(plaintext);
    let value = SecretValue::from(Zeroizing::new(decoder.text()?.to_owned()));
    let fields = VersionFields::decode(&mut decoder)?;
    decoder.finish()?;
    Ok((value, fields))
}
