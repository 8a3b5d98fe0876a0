//! The head of a sealed form.

use zeroize::Zeroizing;

use crate::key_type::{Curve, KeyType, MlDsaSet, OctSize, RsaSize};

/// The version of every form here.
const VERSION: u8 = 1;

/// Seals the parts of a private part, one behind the other.
pub fn seal(key_type: KeyType, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut sealed = Zeroizing::new(Vec::with_capacity(2 + length));
    sealed.extend_from_slice(&[VERSION, code(key_type)]);
    for part in parts {
        sealed.extend_from_slice(part);
    }
    sealed
}

/// The type and the private part of a sealed form.
pub fn open(sealed: &[u8]) -> Option<(KeyType, &[u8])> {
    let (head, private) = sealed.split_first_chunk::<2>()?;
    let [version, code] = *head;
    let key_type = type_of(code).filter(|_| version == VERSION)?;
    Some((key_type, private))
}

const fn code(key_type: KeyType) -> u8 {
    match key_type {
        KeyType::Rsa(RsaSize::Bits2048) => 0x11,
        KeyType::Rsa(RsaSize::Bits3072) => 0x12,
        KeyType::Rsa(RsaSize::Bits4096) => 0x13,
        KeyType::Ec(Curve::P256) => 0x21,
        KeyType::Ec(Curve::P384) => 0x22,
        KeyType::Ec(Curve::P521) => 0x23,
        KeyType::Ec(Curve::P256K) => 0x24,
        KeyType::Oct(OctSize::Bits128) => 0x31,
        KeyType::Oct(OctSize::Bits192) => 0x32,
        KeyType::Oct(OctSize::Bits256) => 0x33,
        KeyType::Akp(MlDsaSet::MlDsa44) => 0x41,
        KeyType::Akp(MlDsaSet::MlDsa65) => 0x42,
        KeyType::Akp(MlDsaSet::MlDsa87) => 0x43,
    }
}

fn type_of(byte: u8) -> Option<KeyType> {
    let rsa = RsaSize::ALL.map(KeyType::Rsa);
    let ec = Curve::ALL.map(KeyType::Ec);
    let oct = OctSize::ALL.map(KeyType::Oct);
    let akp = MlDsaSet::ALL.map(KeyType::Akp);
    rsa.into_iter()
        .chain(ec)
        .chain(oct)
        .chain(akp)
        .find(|key_type| code(*key_type) == byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_as_what_it_was() {
        let mut opened = 0;
        for byte in 0..=u8::MAX {
            let Some(key_type) = type_of(byte) else {
                continue;
            };
            let sealed = seal(key_type, &[b"ab", b"c"]);
            assert_eq!(sealed.as_slice(), [1, byte, b'a', b'b', b'c']);
            assert_eq!(open(&sealed), Some((key_type, &b"abc"[..])));
            opened += 1;
        }
        assert_eq!(opened, 13);
    }

    #[test]
    fn another_version_or_type_or_none_does_not_open() {
        for bytes in [
            &[][..],
            &[1],
            &[0, 0x11],
            &[2, 0x11],
            &[1, 0],
            &[1, 0x14],
            &[1, 0xff],
        ] {
            assert_eq!(open(bytes), None);
        }
    }
}
