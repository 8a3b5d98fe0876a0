//! The authorities of one installation.

use super::Succession;

/// Both authorities.
pub struct Authorities {
    /// Behind the certificates of the servers.
    pub serving: Succession,
    /// Behind the certificate of the operator.
    pub admin: Succession,
}
