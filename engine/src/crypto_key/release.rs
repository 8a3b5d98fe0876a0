//! On what terms a key may leave the vault.

use crate::format::{
    codec::{CodecError, Decoder, Encoder},
    encoded::Encoded,
};

/// The terms of a version that is exportable. Without any, it never leaves the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseTerms {
    /// The release policy in the form in which the server reads it again, which is JSON.
    pub policy: Box<[u8]>,
    /// Whether the policy stays as it is for ever.
    pub is_immutable: bool,
}

impl Encoded for ReleaseTerms {
    fn put(&self, encoder: &mut Encoder) {
        encoder.bytes(&self.policy).u8(self.is_immutable.into());
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            policy: decoder.bytes()?.into(),
            is_immutable: match decoder.u8()? {
                0 => false,
                1 => true,
                _ => return Err(CodecError::Field),
            },
        })
    }

    fn room(&self) -> usize {
        8 + self.policy.len()
    }
}
