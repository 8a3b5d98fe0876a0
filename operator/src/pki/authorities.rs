//! The authorities of one installation.

use aws_lc_rs::digest::{SHA256, digest};

use super::Succession;

/// Both authorities.
pub struct Authorities {
    /// Behind the certificates of the servers.
    pub serving: Succession,
    /// Behind the certificate of the operator.
    pub admin: Succession,
}

impl Authorities {
    /// What tells these authorities from those before them.
    pub fn fingerprint(&self) -> Fingerprint {
        let bundles = [self.serving.bundle(), self.admin.bundle()].concat();
        Fingerprint(digest(&SHA256, bundles.as_bytes()).as_ref().to_vec())
    }
}

/// Which authorities sign and which are trusted: a digest of both bundles, each of which begins with the one that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(Vec<u8>);
