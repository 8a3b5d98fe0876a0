//! The work that a file may cost.

use super::{LARGEST_WORK, Pkcs12Error};

/// How much may still be hashed for one file, before it is refused.
pub(super) struct Work {
    left: u64,
}

impl Work {
    /// What one file may cost.
    pub(super) const fn new() -> Self {
        Self::of(LARGEST_WORK)
    }

    /// So many hashes for one file.
    pub(super) const fn of(hashes: u64) -> Self {
        Self { left: hashes }
    }

    /// Takes what a derivation costs, before it is done: for each digest in `length` it computes `hashes` in each round. Hashes
    /// of more than 256 bits count twice.
    pub(super) fn take(
        &mut self,
        rounds: u32,
        length: usize,
        digest: usize,
        hashes: u64,
    ) -> Result<(), Pkcs12Error> {
        if rounds == 0 {
            return Err(Pkcs12Error::Malformed);
        }
        let digests = u64::try_from(length.div_ceil(digest)).map_err(|_| Pkcs12Error::TooMuchWork)?;
        let weight = if digest > 32 { 2 * hashes } else { hashes };
        let cost = digests.saturating_mul(u64::from(rounds)).saturating_mul(weight);
        self.left = self.left.checked_sub(cost).ok_or(Pkcs12Error::TooMuchWork)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_taken_for_every_hash() {
        let mut work = Work::new();
        assert_eq!(work.take(1_000_000, 24, 20, 1), Ok(()));
        assert_eq!(work.take(500_000, 20, 20, 2), Ok(()));
        assert_eq!(work.take(1_000_000, 41, 20, 1), Err(Pkcs12Error::TooMuchWork));
        assert_eq!(work.take(1_000_000, 40, 20, 1), Ok(()));
        assert_eq!(work.take(1, 1, 20, 1), Err(Pkcs12Error::TooMuchWork));
        assert_eq!(
            Work::new().take(1_250_001, 64, 64, 2),
            Err(Pkcs12Error::TooMuchWork),
            "hashes of 512 bits count twice"
        );
        assert_eq!(
            Work::new().take(u32::MAX, usize::MAX, 20, 2),
            Err(Pkcs12Error::TooMuchWork)
        );
        assert_eq!(Work::new().take(0, 20, 20, 1), Err(Pkcs12Error::Malformed));
    }

    #[test]
    fn a_file_of_firefox_is_within_the_bound() {
        let mut work = Work::new();
        let rounds = 600_000;
        assert_eq!(work.take(rounds, 32, 32, 1), Ok(()), "the MAC");
        for _ in ["the private key", "the certificates"] {
            assert_eq!(work.take(rounds, 24, 20, 1), Ok(()), "a key of 3DES");
            assert_eq!(work.take(rounds, 8, 20, 1), Ok(()), "its initialisation vector");
        }
    }
}
