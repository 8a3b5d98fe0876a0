//! The one encoding of everything stored: big-endian numbers, length-prefixed bytes, no choice anywhere.
//!
//! Every value has exactly one encoding, so encodings are compared and authenticated as bytes. What a decoder does not
//! expect (an unknown format, a flag that is neither 0 nor 1, keys out of order, bytes left over) it refuses.
//!
//! A record begins with `magic (4) | format (2) | vault id (16)`.

use std::{collections::BTreeMap, fmt};

use strongroom_core::{ObjectName, Timestamp, wiped};
use zeroize::Zeroizing;

use crate::format::{id::VaultId, tags::Tags};

/// The format of records that never had another one. Those that had are written and read by their own number.
pub const FORMAT: u16 = 1;

/// The first four bytes of a record: what it is.
pub type Magic = [u8; 4];

/// The bytes are not an encoding of what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes end too early.
    #[error("the bytes end early")]
    Short,
    /// Bytes follow the last field.
    #[error("bytes follow the last field")]
    Trailing,
    /// The first bytes name something else.
    #[error("another kind of record")]
    Magic,
    /// A format that this program does not know.
    #[error("format {0} is unknown to this program")]
    Format(u16),
    /// A record of another vault.
    #[error("a record of another vault")]
    OtherVault,
    /// A field holds what it cannot.
    #[error("a field is out of its range")]
    Field,
    /// The record was not written by this vault, not at this place, or was altered since.
    #[error("it was not written by this vault at this place, or was altered")]
    Proof,
}

/// Writes fields. The bytes are wiped when dropped unless taken out, and never printed.
pub struct Encoder(Zeroizing<Vec<u8>>);

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoder(***)")
    }
}

impl Encoder {
    /// An encoder with room for `capacity` bytes; secrets are written where no growing leaves copies behind.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    /// An encoder that has written a record's head.
    pub fn record(magic: Magic, vault: VaultId) -> Self {
        Self::record_of_format(magic, FORMAT, vault)
    }

    /// An encoder that has written the head of a record of `format`.
    pub fn record_of_format(magic: Magic, format: u16, vault: VaultId) -> Self {
        let mut encoder = Self::with_capacity(128);
        encoder.0.extend_from_slice(&magic);
        encoder.u16(format);
        encoder.array(vault.as_bytes());
        encoder
    }

    /// This encoder with room for `more` bytes; when it has to move, it wipes where it was.
    #[must_use]
    pub fn grown(mut self, more: usize) -> Self {
        wiped::make_room(&mut self.0, more);
        self
    }

    /// Writes one byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.array(&[value])
    }

    /// Writes a number.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.array(&value.to_be_bytes())
    }

    /// Writes a number.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.array(&value.to_be_bytes())
    }

    /// Writes a number.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.array(&value.to_be_bytes())
    }

    /// Writes a truth as 0 or 1.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.u8(value.into())
    }

    /// Writes bytes whose number is fixed by the format.
    pub fn array<const N: usize>(&mut self, value: &[u8; N]) -> &mut Self {
        self.0.extend_from_slice(value);
        self
    }

    /// Writes bytes behind their number. Nothing here reaches 4 GiB; what did would not decode.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.0.extend_from_slice(value);
        self
    }

    /// Writes bytes as they are: encoded fields of another encoder.
    pub fn encoded(&mut self, fields: &[u8]) -> &mut Self {
        self.0.extend_from_slice(fields);
        self
    }

    /// Writes text behind its number of bytes.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.bytes(value.as_bytes())
    }

    /// Writes a time.
    pub fn time(&mut self, value: Timestamp) -> &mut Self {
        self.u64(value.unix())
    }

    /// Writes 0, or 1 and the value.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        self.bool(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
        self
    }

    /// Writes tags by ascending name, behind their number.
    pub fn tags(&mut self, tags: &Tags) -> &mut Self {
        self.u32(u32::try_from(tags.len()).unwrap_or(u32::MAX));
        for (name, value) in tags {
            self.text(name).text(value);
        }
        self
    }

    /// The bytes written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes written, no longer wiped: for what is not secret.
    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }
}

/// Reads fields, which are never printed.
pub struct Decoder<'a>(&'a [u8]);

impl fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decoder(***)")
    }
}

impl<'a> Decoder<'a> {
    /// A decoder of fields without a record's head.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// A decoder that has checked a record's head against what is expected: exactly this format, and this vault.
    pub fn record(bytes: &'a [u8], magic: Magic, format: u16, vault: VaultId) -> Result<Self, CodecError> {
        let (decoder, found, of) = Self::record_up_to(bytes, magic, format)?;
        if found != format {
            Err(CodecError::Format(found))
        } else if of != vault {
            Err(CodecError::OtherVault)
        } else {
            Ok(decoder)
        }
    }

    /// A decoder that has checked the magic, and that the format is one up to `newest`: with the format, and the vault
    /// that the record says it belongs to.
    pub fn record_up_to(
        bytes: &'a [u8],
        magic: Magic,
        newest: u16,
    ) -> Result<(Self, u16, VaultId), CodecError> {
        let mut decoder = Self(bytes);
        if decoder.array::<4>()? != magic {
            return Err(CodecError::Magic);
        }
        let format = decoder.u16()?;
        if !(1..=newest).contains(&format) {
            return Err(CodecError::Format(format));
        }
        let vault = VaultId::from_bytes(decoder.array()?);
        Ok((decoder, format, vault))
    }

    /// Reads one byte.
    pub fn u8(&mut self) -> Result<u8, CodecError> {
        self.array().map(|[byte]| byte)
    }

    /// Reads a number.
    pub fn u16(&mut self) -> Result<u16, CodecError> {
        self.array().map(u16::from_be_bytes)
    }

    /// Reads a number.
    pub fn u32(&mut self) -> Result<u32, CodecError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Reads a number.
    pub fn u64(&mut self) -> Result<u64, CodecError> {
        self.array().map(u64::from_be_bytes)
    }

    /// Reads a truth.
    pub fn bool(&mut self) -> Result<bool, CodecError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(CodecError::Field),
        }
    }

    /// Reads bytes whose number is fixed by the format.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (array, rest) = self.0.split_first_chunk::<N>().ok_or(CodecError::Short)?;
        self.0 = rest;
        Ok(*array)
    }

    /// Reads bytes behind their number.
    pub fn bytes(&mut self) -> Result<&'a [u8], CodecError> {
        let length = usize::try_from(self.u32()?).map_err(|_| CodecError::Short)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(CodecError::Short)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Reads text behind its number of bytes.
    pub fn text(&mut self) -> Result<&'a str, CodecError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| CodecError::Field)
    }

    /// Reads an object's name, which must be in its canonical form.
    pub fn object_name(&mut self) -> Result<ObjectName, CodecError> {
        let text = self.text()?;
        let name: ObjectName = text.parse().map_err(|_| CodecError::Field)?;
        if name.as_str() == text {
            Ok(name)
        } else {
            Err(CodecError::Field)
        }
    }

    /// Reads a time.
    pub fn time(&mut self) -> Result<Timestamp, CodecError> {
        self.u64().map(Timestamp::from_unix)
    }

    /// Reads what [`Encoder::option`] wrote.
    pub fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, CodecError>,
    ) -> Result<Option<T>, CodecError> {
        if self.bool()? {
            read(self).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Reads tags; their names must ascend.
    pub fn tags(&mut self) -> Result<Tags, CodecError> {
        let count = self.u32()?;
        let mut tags = BTreeMap::new();
        for _ in 0..count {
            let name = self.text()?;
            let ascends = tags
                .last_key_value()
                .is_none_or(|(last, _): (&String, _)| last.as_str() < name);
            if !ascends {
                return Err(CodecError::Field);
            }
            tags.insert(name.to_owned(), self.text()?.to_owned());
        }
        Ok(tags)
    }

    /// Whether every byte was read.
    pub fn finish(self) -> Result<(), CodecError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(CodecError::Trailing)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VAULT: VaultId = VaultId::from_bytes([0xab; 16]);

    fn sample() -> Encoder {
        let mut encoder = Encoder::record(*b"SRxx", VAULT);
        encoder
            .u8(1)
            .u16(2)
            .u32(3)
            .u64(4)
            .bool(true)
            .text("ab")
            .time(Timestamp::from_unix(5));
        encoder.option(Some("x"), |e, x| {
            e.text(x);
        });
        encoder.option(None::<&str>, |_, _| {});
        encoder.tags(&Tags::from([
            ("a".into(), "1".into()),
            ("b".into(), String::new()),
        ]));
        encoder
    }

    #[test]
    fn the_encoding_is_the_golden_one() {
        let golden = concat!(
            "53527878",
            "0001",
            "abababababababababababababababab",
            "01",
            "0002",
            "00000003",
            "0000000000000004",
            "01",
            "000000026162",
            "0000000000000005",
            "010000000178",
            "00",
            "00000002",
            "0000000161",
            "0000000131",
            "0000000162",
            "00000000",
        );
        assert_eq!(hex::encode(sample().as_bytes()), golden);
    }

    #[test]
    fn another_magic_format_or_vault_is_refused() {
        let bytes = sample().into_bytes();
        assert_eq!(
            Decoder::record(&bytes, *b"SRyy", FORMAT, VAULT).unwrap_err(),
            CodecError::Magic
        );
        let other = VaultId::from_bytes([1; 16]);
        assert_eq!(
            Decoder::record(&bytes, *b"SRxx", FORMAT, other).unwrap_err(),
            CodecError::OtherVault
        );
        let mut future = bytes.clone();
        future[5] = 2;
        assert_eq!(
            Decoder::record(&future, *b"SRxx", FORMAT, VAULT).unwrap_err(),
            CodecError::Format(2)
        );
        assert_eq!(
            Decoder::record(&bytes, *b"SRxx", 2, VAULT).unwrap_err(),
            CodecError::Format(1),
            "an older format is another one"
        );
    }

    #[test]
    fn a_flag_that_is_neither_0_nor_1_is_refused() {
        assert_eq!(Decoder::new(&[2]).bool(), Err(CodecError::Field));
    }

    #[test]
    fn tags_out_of_order_or_twice_are_refused() {
        let mut encoder = Encoder::with_capacity(0);
        encoder.u32(2).text("b").text("").text("a").text("");
        assert_eq!(Decoder::new(encoder.as_bytes()).tags(), Err(CodecError::Field));
        let mut encoder = Encoder::with_capacity(0);
        encoder.u32(2).text("a").text("").text("a").text("");
        assert_eq!(Decoder::new(encoder.as_bytes()).tags(), Err(CodecError::Field));
    }

    #[test]
    fn bytes_left_over_are_refused() {
        assert_eq!(Decoder::new(&[0]).finish(), Err(CodecError::Trailing));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut decoder = Decoder::new(&bytes);
            let _ = decoder.tags();
            let _ = decoder.text();
            let _ = decoder.option(Decoder::time);
            let _ = decoder.finish();
        }

        #[test]
        fn tags_decode_to_what_was_encoded(tags in proptest::collection::btree_map(".{0,8}", ".{0,8}", 0..5)) {
            let mut encoder = Encoder::with_capacity(0);
            encoder.tags(&tags);
            let mut decoder = Decoder::new(encoder.as_bytes());
            prop_assert_eq!(decoder.tags(), Ok(tags));
            prop_assert_eq!(decoder.finish(), Ok(()));
        }
    }
}
