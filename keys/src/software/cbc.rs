//! Filling the last block of AES-CBC: with zeros that stay, or as PKCS#7 does (RFC 5652, 6.3).

use subtle::{Choice, ConstantTimeEq, ConstantTimeGreater, ConstantTimeLess};
use zeroize::Zeroizing;

use crate::key::BLOCK;

/// `data` with zeros up to a whole block; none if it is whole.
pub fn fill_with_zeros(data: &[u8]) -> Zeroizing<Vec<u8>> {
    let whole = data.len().next_multiple_of(BLOCK);
    let mut filled = copy(data, whole);
    filled.resize(whole, 0);
    filled
}

/// `data` with 1 to 16 bytes that each say how many they are.
pub fn pad(data: &[u8]) -> Zeroizing<Vec<u8>> {
    let missing = BLOCK - data.len() % BLOCK;
    let whole = data.len() + missing;
    let mut padded = copy(data, whole);
    padded.resize(whole, u8::try_from(missing).unwrap_or_default());
    padded
}

fn copy(data: &[u8], room: usize) -> Zeroizing<Vec<u8>> {
    let mut copy = Zeroizing::new(Vec::with_capacity(room));
    copy.extend_from_slice(data);
    copy
}

/// The length of `padded` without its padding, if that is one. The time depends on neither: each of the last sixteen
/// bytes is looked at, whatever they say.
pub fn unpadded_length(padded: &[u8]) -> Option<usize> {
    let (_, block) = padded.split_last_chunk::<BLOCK>()?;
    let [.., last] = block;
    let mut valid = !last.ct_eq(&0) & !last.ct_gt(&16);
    for (index, byte) in (0_u8..).zip(block.iter().rev()) {
        let is_data: Choice = !index.ct_lt(last);
        valid &= is_data | byte.ct_eq(last);
    }
    if valid.into() {
        padded.len().checked_sub(usize::from(*last))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_padded_has_its_length_again() {
        for length in 0..50 {
            let data = vec![0xab; length];
            let padded = pad(&data);
            assert_eq!(padded.len() % BLOCK, 0);
            assert!(padded.len() > length);
            assert_eq!(unpadded_length(&padded), Some(length));
        }
    }

    #[test]
    fn only_bytes_that_each_say_how_many_they_are_are_a_padding() {
        for last in 0..=u8::MAX {
            for wrong in 0..BLOCK {
                let mut block = [last; BLOCK];
                block[BLOCK - 1 - wrong] ^= 0x40;
                let says = block[BLOCK - 1];
                let inside = wrong != 0 && wrong < usize::from(says);
                // With the last byte altered the block has that byte once, which is a padding only if it says 1.
                let whole = if wrong == 0 {
                    says == 1
                } else {
                    (1..=16).contains(&says)
                };
                let expected = (whole && !inside).then(|| BLOCK - usize::from(says));
                assert_eq!(unpadded_length(&block), expected, "{block:?}");
            }
        }
        assert_eq!(unpadded_length(&[1; 15]), None);
        assert_eq!(unpadded_length(&[]), None);
    }

    #[test]
    fn zeros_fill_a_block_that_is_not_whole() {
        for (length, whole) in [(0, 0), (1, 16), (15, 16), (16, 16), (17, 32)] {
            let filled = fill_with_zeros(&vec![7; length]);
            assert_eq!(filled.len(), whole);
            assert!(filled[length..].iter().all(|byte| *byte == 0));
        }
    }
}
