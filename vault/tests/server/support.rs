//! A vault in this process, with its own authorities and its own identity service, and clients that verify it.

pub mod frames;
pub mod identity;
pub mod raw;
pub mod vault;

pub use vault::TestVault;
