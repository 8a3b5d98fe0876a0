//! Keys of given bytes, and digests of messages: what every program of tests here makes of its vectors.

use aws_lc_rs::digest;
use strongroom_keys::{Hash, Key, KeyError, KeyKind, KeyProvider, Member, MlDsaSet, PrivateJwk, Software};
use zeroize::Zeroizing;

/// A JWK of these members.
pub fn jwk(kind: KeyKind, members: &[(Member, &[u8])]) -> PrivateJwk {
    let mut jwk = PrivateJwk::new(kind);
    for (member, bytes) in members {
        jwk.set(*member, Zeroizing::new(bytes.to_vec()));
    }
    jwk
}

/// The symmetric key of these bytes.
pub fn oct(bytes: &[u8]) -> Result<Key, KeyError> {
    Software.import(&jwk(KeyKind::Oct, &[(Member::K, bytes)]))
}

/// The ML-DSA key of this seed.
pub fn akp(set: MlDsaSet, seed: &[u8]) -> Result<Key, KeyError> {
    let mut members = jwk(KeyKind::Akp, &[(Member::Priv, seed)]);
    members.parameter_set = Some(set);
    Software.import(&members)
}

pub fn digest_of(hash: Hash, message: &[u8]) -> Vec<u8> {
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
