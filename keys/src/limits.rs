//! The most that is read of what a stranger sends, in bytes.

/// Data that a symmetric key encrypts, decrypts, wraps, unwraps or authenticates, additional data, and a message that
/// ML-DSA signs.
pub const DATA: usize = 64 * 1024;

/// One member of a JWK, leading zeros included. The longest that means anything is the modulus of RSA-4096, and the
/// public key of ML-DSA-87 with its 2,592 bytes.
pub const JWK_MEMBER: usize = 4096;

/// A sealed form. That of RSA-4096 is the longest, with about 2,400 bytes.
pub const SEALED: usize = 4096;

/// A signature to verify. That of ML-DSA-87 is the longest, with 4,627 bytes.
pub const SIGNATURE: usize = 8192;
