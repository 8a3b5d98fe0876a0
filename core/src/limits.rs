//! Sizes that a vault and its clients agree on: what a vault accepts, a client must be able to take, and takes no more.

/// The most bytes in a secret's value (Azure Key Vault service limits).
pub const VALUE_BYTES: usize = 25 * 1024;
