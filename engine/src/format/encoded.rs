//! How a kind writes its own part of a record.

use super::codec::{CodecError, Decoder, Encoder};

/// A part of a record that each kind of object has for itself: the content of a version, or its own fields.
pub trait Encoded: Sized {
    /// Writes the part. Every value has exactly one encoding.
    fn put(&self, encoder: &mut Encoder);

    /// Reads what [`Self::put`] wrote, and nothing else.
    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError>;

    /// Bytes that the encoding fits into.
    fn room(&self) -> usize;
}

/// Nothing, in no bytes.
impl Encoded for () {
    fn put(&self, _: &mut Encoder) {}

    fn take(_: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(())
    }

    fn room(&self) -> usize {
        0
    }
}
