//! Random bytes of the operating system. Only what has effects may ask for them.

use aws_lc_rs::rand;

use super::cipher::KeyBytes;

/// The operating system gives no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system has no random bytes")]
pub struct NoEntropy;

/// 32 fresh random bytes.
pub(crate) fn random() -> Result<KeyBytes, NoEntropy> {
    let mut bytes = KeyBytes::default();
    rand::fill(bytes.as_mut_slice()).map_err(|_| NoEntropy)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// How many are drawn.
    const DRAWN: usize = 100_000;

    #[test]
    fn no_random_bytes_come_twice_and_each_bit_is_set_in_half_of_them() {
        let mut seen = HashSet::new();
        let mut set = [0_u32; 256];
        for _ in 0..DRAWN {
            let bytes = random().unwrap();
            // Half of each draw is compared: two equal halves come once in 2^95 runs of this many draws.
            assert!(seen.insert(<[u8; 16]>::try_from(&bytes[..16]).unwrap()));
            for (bit, count) in set.iter_mut().enumerate() {
                *count += u32::from(bytes[bit / 8] >> (bit % 8) & 1);
            }
        }
        // Half of the draws, give or take six standard deviations.
        for (bit, count) in set.into_iter().enumerate() {
            assert!((49_051..=50_949).contains(&count), "bit {bit}: {count}");
        }
    }
}
