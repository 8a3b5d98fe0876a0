//! AES key wrap: RFC 3394, and with padding RFC 5649.

use aes_kw::{KeyInit, KwAes128, KwAes192, KwAes256, KwpAes128, KwpAes192, KwpAes256};
use zeroize::Zeroizing;

/// The bytes by which RFC 3394 makes a key longer, and of the units in which it counts.
pub(crate) const SEMIBLOCK: usize = 8;

/// What `$run` gives with the one of the types that takes keys of that length.
macro_rules! with_key {
    ($key:expr, [$($cipher:ty),+], $name:ident => $run:expr) => {
        None$(.or_else(|| <$cipher>::new_from_slice($key).ok().and_then(|$name| $run)))+
    };
}

/// Wraps `value`, a multiple of eight bytes (RFC 3394).
pub fn wrap(key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let mut wrapped = vec![0; value.len() + SEMIBLOCK];
    let length = with_key!(key, [KwAes128, KwAes192, KwAes256], cipher => {
        cipher.wrap_key(value, &mut wrapped).ok().map(<[u8]>::len)
    })?;
    wrapped.truncate(length);
    Some(wrapped)
}

/// Undoes [`wrap`].
pub fn unwrap(key: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut value = room(wrapped)?;
    let length = with_key!(key, [KwAes128, KwAes192, KwAes256], cipher => {
        cipher.unwrap_key(wrapped, &mut value).ok().map(<[u8]>::len)
    })?;
    value.truncate(length);
    Some(value)
}

/// Wraps `value`, one byte or more (RFC 5649).
pub fn wrap_padded(key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let mut wrapped = vec![0; value.len().next_multiple_of(SEMIBLOCK) + SEMIBLOCK];
    let length = with_key!(key, [KwpAes128, KwpAes192, KwpAes256], cipher => {
        cipher.wrap_key(value, &mut wrapped).ok().map(<[u8]>::len)
    })?;
    wrapped.truncate(length);
    Some(wrapped)
}

/// Undoes [`wrap_padded`].
pub fn unwrap_padded(key: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut value = room(wrapped)?;
    let length = with_key!(key, [KwpAes128, KwpAes192, KwpAes256], cipher => {
        cipher.unwrap_key(wrapped, &mut value).ok().map(<[u8]>::len)
    })?;
    value.truncate(length);
    Some(value)
}

fn room(wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = wrapped.len().checked_sub(SEMIBLOCK)?;
    Some(Zeroizing::new(vec![0; length]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    /// RFC 3394, 4.
    #[test]
    fn the_examples_of_rfc_3394_wrap_and_unwrap() {
        let key = bytes("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        let data = bytes("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
        for (key_length, data_length, wrapped) in [
            (16, 16, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"),
            (24, 16, "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"),
            (32, 16, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"),
            (
                24,
                24,
                "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2",
            ),
            (
                32,
                24,
                "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1",
            ),
            (
                32,
                32,
                "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
            ),
        ] {
            let (key, data) = (&key[..key_length], &data[..data_length]);
            assert_eq!(wrap(key, data).unwrap(), bytes(wrapped));
            assert_eq!(unwrap(key, &bytes(wrapped)).unwrap().as_slice(), data);
        }
    }

    /// RFC 5649, 6.
    #[test]
    fn the_examples_of_rfc_5649_wrap_and_unwrap() {
        let key = bytes("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
        for (data, wrapped) in [
            (
                "c37b7e6492584340bed12207808941155068f738",
                "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
            ),
            ("466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"),
        ] {
            assert_eq!(wrap_padded(&key, &bytes(data)).unwrap(), bytes(wrapped));
            assert_eq!(
                unwrap_padded(&key, &bytes(wrapped)).unwrap().as_slice(),
                bytes(data)
            );
        }
    }

    #[test]
    fn an_altered_byte_unwraps_nothing() {
        let key = [7; 24];
        let (wrapped, padded) = (
            wrap(&key, &[1; 16]).unwrap(),
            wrap_padded(&key, &[1; 13]).unwrap(),
        );
        for index in 0..24 {
            let (mut one, mut other) = (wrapped.clone(), padded.clone());
            one[index] ^= 1;
            other[index] ^= 1;
            assert_eq!(unwrap(&key, &one), None);
            assert_eq!(unwrap_padded(&key, &other), None);
        }
        assert_eq!(unwrap(&key, &padded), None, "the two forms differ");
        assert_eq!(unwrap_padded(&key, &wrapped), None);
    }
}
