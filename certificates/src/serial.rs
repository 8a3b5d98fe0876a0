//! Serial numbers of certificates (RFC 5280, 4.1.2.2).

use std::{fmt, str::FromStr};

use der::{DecodeValue, EncodeValue, FixedTag, Header, Length, Reader, Tag, Writer};

/// The most bytes of a serial number that is read. RFC 5280 allows 20; files in the world have more.
pub const LONGEST: usize = 64;

/// A serial number: an `INTEGER` as DER has it, which somebody else may have made negative, zero or long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Vec<u8>);

/// The text is no serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a serial number has an even number of hexadecimal digits, at most 128")]
pub struct BadSerial;

impl Serial {
    /// A serial number of random bytes. One bit is always 0 and one always 1, so that it is positive and always as long.
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        let [first, ..] = &mut bytes;
        *first = *first & 0x7f | 0x40;
        Self(bytes.to_vec())
    }
}

/// Hexadecimal digits in upper case, without the byte of zeros that DER has before a high bit.
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = match self.0.as_slice() {
            [0, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

/// Reads what is displayed. It is taken for a positive number.
impl FromStr for Serial {
    type Err = BadSerial;

    fn from_str(text: &str) -> Result<Self, BadSerial> {
        let digits: Vec<_> = text
            .chars()
            .map(|it| it.to_digit(16))
            .collect::<Option<_>>()
            .ok_or(BadSerial)?;
        let (pairs, []) = digits.as_chunks::<2>() else {
            return Err(BadSerial);
        };
        let bytes = pairs.iter().map(|[high, low]| u8::try_from(high << 4 | low));
        let mut bytes: Vec<_> = bytes.collect::<Result<_, _>>().map_err(|_| BadSerial)?;
        while let [0, _, ..] = bytes.as_slice() {
            bytes.remove(0);
        }
        if bytes.first().ok_or(BadSerial)? & 0x80 != 0 {
            bytes.insert(0, 0);
        }
        if bytes.len() > LONGEST {
            return Err(BadSerial);
        }
        Ok(Self(bytes))
    }
}

impl FixedTag for Serial {
    const TAG: Tag = Tag::Integer;
}

impl EncodeValue for Serial {
    fn value_len(&self) -> der::Result<Length> {
        Length::try_from(self.0.len())
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        writer.write(&self.0)
    }
}

impl<'a> DecodeValue<'a> for Serial {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, header: Header) -> der::Result<Self> {
        let length = usize::try_from(header.length())?;
        if length == 0 || length > LONGEST {
            return Err(Tag::Integer.length_error().into());
        }
        reader.read_vec(header.length()).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use der::{Decode, Encode};

    use super::*;

    #[test]
    fn a_random_serial_is_positive_and_has_sixteen_bytes() {
        for byte in [0, 0x7f, 0x80, 0xff] {
            let der = Serial::from_random([byte; 16]).to_der().unwrap();
            assert_eq!(der[..2], [2, 16]);
            assert!((0x40..0x80).contains(&der[2]));
        }
    }

    #[test]
    fn a_serial_is_shown_in_upper_case_and_read_again() {
        for (der, text) in [
            ("020100", "00"),
            ("020101", "01"),
            ("02020080", "80"),
            ("0203abcdef", "ABCDEF"),
            ("02020001", "01"),
        ] {
            let serial = Serial::from_der(&hex::decode(der).unwrap()).unwrap();
            assert_eq!(serial.to_string(), text);
            assert_eq!(hex::encode(serial.to_der().unwrap()), der);
        }
        for text in ["00", "01", "80", "7F", "0102030405060708090A0B0C0D0E0F10"] {
            assert_eq!(text.parse::<Serial>().unwrap().to_string(), text);
        }
        assert_eq!("0080".parse::<Serial>(), "80".parse());
        for text in ["", "0", "0g", "+1", &"01".repeat(65)] {
            assert_eq!(text.parse::<Serial>(), Err(BadSerial), "{text}");
        }
        assert!(Serial::from_der(&[2, 0]).is_err());
    }
}
