//! Base64, as people and programs write it.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of base64 in any lines, with padding or without it. No part of them stays behind in memory.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    decode(text, |byte| byte)
}

/// The same, in the standard alphabet or in that for URLs.
pub(crate) fn decode_either_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    decode(text, |byte| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    })
}

fn decode(text: &[u8], standard: fn(u8) -> u8) -> Option<Zeroizing<Vec<u8>>> {
    // With their room at once, since a vector that grows leaves a copy.
    let mut clean = Zeroizing::new(Vec::with_capacity(text.len()));
    let characters = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace());
    clean.extend(characters.map(standard));
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    LENIENT.decode_vec(&*clean, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_in_lines_and_without_padding() {
        for text in ["+/8=", "+/8", " +/\r\n8=\n"] {
            assert_eq!(decode_base64(text.as_bytes()).unwrap()[..], [0xfb, 0xff]);
        }
        for text in ["-_8=", "-_8", "+_8", "+/8="] {
            assert_eq!(decode_either_base64(text.as_bytes()).unwrap()[..], [0xfb, 0xff]);
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["-_8=", "+/8==", "+", "*/8=", "+/9="] {
            assert!(decode_base64(text.as_bytes()).is_none(), "{text}");
        }
    }
}
