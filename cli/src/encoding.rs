//! Base64 and hexadecimal, as programs write them.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};
use zeroize::Zeroizing;

/// Base64 with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of base64 or base64url, with padding or without, in any number of lines.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // With their room at once, so that no part of them stays behind.
    let mut clean = Zeroizing::new(Vec::with_capacity(text.len()));
    clean.extend(
        text.iter()
            .filter(|byte| !byte.is_ascii_whitespace())
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                other => *other,
            }),
    );
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    LENIENT.decode_vec(&*clean, &mut bytes).ok()?;
    Some(bytes)
}

/// Bytes in base64, in one line.
pub(crate) fn encode_base64(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(BASE64_STANDARD.encode(bytes))
}

/// The bytes of a digest that has `length` of them, in hexadecimal or base64: the length of the text says which.
pub(crate) fn decode_digest(text: &str, length: usize) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim();
    let bytes = if text.len() == 2 * length {
        hex::decode(text).ok().map(Zeroizing::new)
    } else {
        decode_base64(text.as_bytes())
    };
    bytes.filter(|bytes| bytes.len() == length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        decode_base64(text.as_bytes()).map(|bytes| bytes.to_vec())
    }

    #[test]
    fn both_alphabets_are_read_with_padding_or_without_in_any_number_of_lines() {
        let bytes = vec![0xfb, 0xff, 0x01, 0x02];
        for text in ["+/8BAg==", "-_8BAg", "+/8BAg", "+/8B\nAg==\n", " -_8B\r\nAg"] {
            assert_eq!(decoded(text).as_ref(), Some(&bytes), "{text:?}");
        }
        assert_eq!(&*encode_base64(&bytes), "+/8BAg==");
        for text in ["+/8BA", "a!bc", "+/8BAg=x"] {
            assert_eq!(decoded(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_digest_is_hexadecimal_or_base64_and_has_its_length() {
        for length in [32, 48, 64] {
            let digest = vec![0xab; length];
            for text in [
                hex::encode(&digest),
                hex::encode_upper(&digest),
                encode_base64(&digest).to_string(),
            ] {
                let read = decode_digest(&text, length).map(|bytes| bytes.to_vec());
                assert_eq!(read.as_ref(), Some(&digest), "{text}");
            }
            assert!(decode_digest(&hex::encode(&digest[1..]), length).is_none());
            assert!(decode_digest(&"zz".repeat(length), length).is_none());
        }
    }
}
