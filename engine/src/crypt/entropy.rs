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
