//! What a vault gave of one object, until it is in the files.

use strongroom_crds::secret_ref::KeyEncoding;

use super::Content;

/// What a vault gave of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The value of a secret.
    Secret(Content),
    /// The public part of a key.
    Key(KeyFiles),
}

/// The files that the public part of a key can become. They hold what the node driver wrote of a key that it parsed: of
/// the vault's own text nothing is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// `SubjectPublicKeyInfo`, as PEM.
    pub pem: Content,
    /// One JSON object.
    pub jwk: Content,
}

impl KeyFiles {
    /// The file in this encoding.
    pub const fn encoded(&self, encoding: KeyEncoding) -> &Content {
        match encoding {
            KeyEncoding::Pem => &self.pem,
            KeyEncoding::Jwk => &self.jwk,
        }
    }
}
