//! The proof of a record whose fields lie open: that this vault wrote it, at this place.
//!
//! ```text
//! stored = record | HMAC-SHA256(key, length of place (4) | place | length of record (4) | record)
//! ```
//!
//! What is proved may still be old: that shows in the sum of all records, which [`digest`](super::digest) has.

use aws_lc_rs::hmac;

use crate::{
    format::codec::{CodecError, Encoder},
    store::{Key, Value},
};

/// The bytes of a proof.
const PROOF: usize = 32;

/// Proves and checks records under one key.
pub struct ProofKey(hmac::Key);

impl ProofKey {
    /// A proof key of these bytes.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The record with its proof, to be stored at `place`.
    pub(crate) fn prove(&self, place: &Key, mut record: Encoder) -> Value {
        let proof = code(&self.0, place, record.as_bytes());
        record.encoded(proof.as_ref());
        Value::new(record.into_bytes())
    }

    /// The record that was found at `place`, if this vault wrote it there.
    pub(crate) fn check<'v>(&self, place: &Key, stored: &'v Value) -> Result<&'v [u8], CodecError> {
        let bytes = stored.as_bytes();
        let split = bytes
            .len()
            .checked_sub(PROOF)
            .and_then(|at| bytes.split_at_checked(at));
        let (record, proof) = split.ok_or(CodecError::Short)?;
        let expected = code(&self.0, place, record);
        // Compared in constant time.
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_ref(), proof)
            .map_err(|_| CodecError::Proof)?;
        Ok(record)
    }
}

/// The code of a record at its place, which is not copied: it may have megabytes.
pub(super) fn code(key: &hmac::Key, place: &Key, record: &[u8]) -> hmac::Tag {
    let mut before = Encoder::with_capacity(place.as_bytes().len() + 8);
    before.bytes(place.as_bytes());
    before.u32(u32::try_from(record.len()).unwrap_or(u32::MAX));
    let mut context = hmac::Context::with_key(key);
    context.update(before.as_bytes());
    context.update(record);
    context.sign()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Encoder {
        let mut record = Encoder::with_capacity(0);
        record.text(text);
        record
    }

    #[test]
    fn a_record_is_good_at_its_place_only_and_under_its_key_only() {
        let [key, other] = [[1; 32], [2; 32]].map(|bytes| ProofKey::new(&bytes));
        let [here, there] = [&b"a"[..], b"b"].map(Key::new);
        let stored = key.prove(&here, record("text"));
        assert_eq!(key.check(&here, &stored), Ok(record("text").as_bytes()));
        assert_eq!(key.check(&there, &stored), Err(CodecError::Proof));
        assert_eq!(other.check(&here, &stored), Err(CodecError::Proof));
    }

    #[test]
    fn no_byte_can_move_between_place_and_record() {
        let key = ProofKey::new(&[1; 32]);
        let stored = key.prove(&Key::new(*b"ab"), record("c"));
        let moved = Value::new([b"b", stored.as_bytes()].concat());
        assert_eq!(key.check(&Key::new(*b"a"), &moved), Err(CodecError::Proof));
    }
}
