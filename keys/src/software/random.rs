//! Random bytes of the library, which the operating system seeds.

use aws_lc_rs::rand;
use rsa::rand_core::{TryCryptoRng, TryRng};

use crate::error::KeyError;

/// Fills `bytes` with random ones.
pub fn fill(bytes: &mut [u8]) -> Result<(), KeyError> {
    rand::fill(bytes).map_err(|_| KeyError::Failed)
}

/// The same source for a library that takes one.
pub struct Random;

/// There are no random bytes.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no random bytes")]
pub struct NoRandom;

impl TryRng for Random {
    type Error = NoRandom;

    fn try_next_u32(&mut self) -> Result<u32, NoRandom> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandom> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        rand::fill(bytes).map_err(|_| NoRandom)
    }
}

impl TryCryptoRng for Random {}
