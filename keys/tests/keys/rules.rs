//! Which requests a key answers, and in which sentence it refuses the others.

use strongroom_keys::{
    Algorithm, Ciphertext, Curve, Hash, KeyError, KeyOperation, KeyType, Member, OctSize, Plaintext, RsaSize,
    limits,
};

use crate::support::{every_key, generated, rsa};

const IV: [u8; 16] = [0; 16];

/// Both kinds of CBC, with the longest key.
const CBC: [Algorithm; 2] = [
    Algorithm::AesCbc(OctSize::Bits256),
    Algorithm::AesCbcPad(OctSize::Bits256),
];

#[test]
fn no_key_does_what_its_type_does_not_allow() {
    for key in every_key() {
        for algorithm in Algorithm::ALL {
            let fits = algorithm.suits(key.key_type());
            let value = vec![1; algorithm.digest_length().unwrap_or(16)];
            let refusals = [
                (
                    KeyOperation::Encrypt,
                    key.encrypt(algorithm, Plaintext::new(&value)).err(),
                ),
                (
                    KeyOperation::Decrypt,
                    key.decrypt(algorithm, Ciphertext::new(&value)).err(),
                ),
                (KeyOperation::WrapKey, key.wrap_key(algorithm, &value).err()),
                (KeyOperation::UnwrapKey, key.unwrap_key(algorithm, &value).err()),
                (KeyOperation::Sign, key.sign(algorithm, &value).err()),
                (KeyOperation::Verify, key.verify(algorithm, &value, &[]).err()),
            ];
            for (operation, refused) in refusals {
                if !fits {
                    let key = key.key_type();
                    assert_eq!(refused, Some(KeyError::Incompatible { algorithm, key }));
                } else if algorithm.serves(operation) {
                    assert!(!matches!(
                        refused,
                        Some(
                            KeyError::Incompatible { .. }
                                | KeyError::WrongOperation { .. }
                                | KeyError::Failed
                        )
                    ));
                } else {
                    assert_eq!(refused, Some(KeyError::WrongOperation { algorithm, operation }));
                }
            }
        }
    }
}

#[test]
fn a_digest_of_another_length_is_named_in_both_directions() {
    let key = generated(KeyType::Ec(Curve::P256K));
    let algorithm = Algorithm::Ecdsa(Curve::P256K);
    let refused = key.sign(algorithm, &[1]).unwrap_err();
    assert_eq!(
        refused.sentence("id"),
        "Invalid length of 'value': 1 bytes. ES256K requires 32 bytes, encoded with base64url."
    );
    let refused = key.verify(algorithm, &[1; 33], &[1; 64]).unwrap_err();
    assert_eq!(
        refused.sentence("id"),
        "Invalid length of 'digest': 33 bytes. ES256K requires 32 bytes, encoded with base64url."
    );
    let key = rsa(RsaSize::Bits2048);
    for hash in Hash::ALL {
        for algorithm in [Algorithm::RsaPkcs1(hash), Algorithm::RsaPss(hash)] {
            for length in [0, 20, hash.length() - 1, hash.length() + 1] {
                assert!(matches!(
                    key.sign(algorithm, &vec![0; length]),
                    Err(KeyError::Length { .. })
                ));
            }
        }
    }
}

#[test]
fn rsa_encrypts_what_its_padding_leaves_room_for() {
    let key = rsa(RsaSize::Bits2048);
    for (algorithm, most) in [
        (Algorithm::Rsa15, 245),
        (Algorithm::RsaOaep, 214),
        (Algorithm::RsaOaep256, 190),
    ] {
        for length in [0, most] {
            let data = vec![1; length];
            let encrypted = key.encrypt(algorithm, Plaintext::new(&data)).unwrap();
            assert_eq!(encrypted.value.len(), 256);
            assert_eq!(*key.decrypt(algorithm, encrypted.as_ciphertext()).unwrap(), data);
        }
        let length = most + 1;
        let refused = key.wrap_key(algorithm, &vec![1; length]);
        assert_eq!(
            refused,
            Err(KeyError::TooLong {
                member: Member::Value,
                length,
                algorithm,
                most
            })
        );
        for length in [0, 255, 257] {
            let refused = key.unwrap_key(algorithm, &vec![1; length]);
            assert_eq!(
                refused,
                Err(KeyError::Length {
                    member: Member::Value,
                    length,
                    algorithm,
                    needed: 256
                })
            );
        }
        // Not below the modulus.
        assert!(key.unwrap_key(algorithm, &[0xff; 256]).is_err());
    }
}

#[test]
fn gcm_refuses_an_iv_of_the_caller_s() {
    let key = generated(KeyType::Oct(OctSize::Bits256));
    let algorithm = Algorithm::AesGcm(OctSize::Bits256);
    let with_iv = Plaintext {
        iv: Some(&IV[..12]),
        ..Plaintext::new(b"data")
    };
    let refused = key.encrypt(algorithm, with_iv).unwrap_err();
    assert_eq!(
        refused,
        KeyError::MadeByService {
            member: Member::Iv,
            algorithm
        }
    );
}

#[test]
fn gcm_decrypts_with_a_whole_iv_and_a_whole_tag_alone() {
    let key = generated(KeyType::Oct(OctSize::Bits256));
    let algorithm = Algorithm::AesGcm(OctSize::Bits256);
    let whole = Ciphertext {
        iv: Some(&IV[..12]),
        tag: Some(&IV),
        ..Ciphertext::new(b"data")
    };
    for (ciphertext, member) in [
        (Ciphertext { iv: None, ..whole }, Member::Iv),
        (Ciphertext { tag: None, ..whole }, Member::Tag),
    ] {
        let missing = Err(KeyError::Missing { member, algorithm });
        assert_eq!(key.decrypt(algorithm, ciphertext), missing);
    }
    let of_length = |member, length, needed| {
        Err(KeyError::Length {
            member,
            length,
            algorithm,
            needed,
        })
    };
    for tag in [12, 15] {
        let short = Ciphertext {
            tag: Some(&IV[..tag]),
            ..whole
        };
        assert_eq!(key.decrypt(algorithm, short), of_length(Member::Tag, tag, 16));
    }
    let long = Ciphertext {
        iv: Some(&IV),
        ..whole
    };
    assert_eq!(key.decrypt(algorithm, long), of_length(Member::Iv, 16, 12));
}

#[test]
fn cbc_takes_an_iv_of_the_caller_s_and_passes_over_additional_data() {
    let key = generated(KeyType::Oct(OctSize::Bits256));
    for algorithm in CBC {
        let missing = Err(KeyError::Missing {
            member: Member::Iv,
            algorithm,
        });
        assert_eq!(
            key.encrypt(algorithm, Plaintext::new(b"data")).map(|_| ()),
            missing
        );
        let short = Plaintext {
            iv: Some(&IV[..12]),
            ..Plaintext::new(b"data")
        };
        let refused = Err(KeyError::Length {
            member: Member::Iv,
            length: 12,
            algorithm,
            needed: 16,
        });
        assert_eq!(key.encrypt(algorithm, short).map(|_| ()), refused);
        let plaintext = Plaintext {
            value: b"data",
            iv: Some(&IV),
            aad: Some(b"about"),
        };
        let encrypted = key.encrypt(algorithm, plaintext).unwrap();
        assert!(key.decrypt(algorithm, encrypted.as_ciphertext()).is_ok());
    }
}

#[test]
fn cbc_decrypts_whole_blocks_alone() {
    let key = generated(KeyType::Oct(OctSize::Bits256));
    for algorithm in CBC {
        for length in [0, 15, 17] {
            let value = vec![1; length];
            let odd = Ciphertext {
                iv: Some(&IV),
                ..Ciphertext::new(&value)
            };
            let refused = Err(KeyError::Blocks {
                member: Member::Value,
                length,
                algorithm,
                block: 16,
                least: 16,
            });
            assert_eq!(key.decrypt(algorithm, odd), refused);
        }
    }
}

#[test]
fn key_wrap_takes_whole_semiblocks_and_its_padded_form_anything_but_nothing() {
    let key = generated(KeyType::Oct(OctSize::Bits192));
    for algorithm in [Algorithm::AesKw(OctSize::Bits192), Algorithm::CkmAesKeyWrap] {
        for length in [0, 8, 15, 17, 25] {
            let refused = key.wrap_key(algorithm, &vec![1; length]);
            assert!(matches!(refused, Err(KeyError::Blocks { .. })), "{length}");
            let refused = key.unwrap_key(algorithm, &vec![1; length]);
            assert!(matches!(refused, Err(KeyError::Blocks { .. })), "{length}");
        }
        assert_eq!(key.wrap_key(algorithm, &[1; 200]).unwrap().len(), 208);
        assert_eq!(key.unwrap_key(algorithm, &[1; 24]), Err(KeyError::NotDecrypted));
    }
    let algorithm = Algorithm::CkmAesKeyWrapPad;
    assert!(matches!(
        key.wrap_key(algorithm, &[]),
        Err(KeyError::Blocks { .. })
    ));
    for (length, wrapped) in [(1, 16), (8, 16), (9, 24), (20, 32)] {
        assert_eq!(key.wrap_key(algorithm, &vec![1; length]).unwrap().len(), wrapped);
    }
    assert_eq!(key.unwrap_key(algorithm, &[1; 16]), Err(KeyError::NotDecrypted));
}

#[test]
fn data_is_bounded_everywhere() {
    let key = generated(KeyType::Oct(OctSize::Bits128));
    let (most, over) = (vec![0; limits::DATA], vec![0; limits::DATA + 8]);
    let too_long = |refused: Option<KeyError>| assert!(matches!(refused, Some(KeyError::TooLong { .. })));
    let gcm = Algorithm::AesGcm(OctSize::Bits128);
    assert!(
        key.encrypt(
            gcm,
            Plaintext {
                aad: Some(&most),
                ..Plaintext::new(&most)
            }
        )
        .is_ok()
    );
    too_long(key.encrypt(gcm, Plaintext::new(&over)).err());
    too_long(
        key.encrypt(
            gcm,
            Plaintext {
                aad: Some(&over),
                ..Plaintext::new(&[])
            },
        )
        .err(),
    );
    for algorithm in [Algorithm::CkmAesKeyWrap, Algorithm::CkmAesKeyWrapPad] {
        let wrapped = key.wrap_key(algorithm, &most).unwrap();
        assert_eq!(*key.unwrap_key(algorithm, &wrapped).unwrap(), most);
        too_long(key.wrap_key(algorithm, &over).err());
    }
    let endless = vec![0; limits::DATA + 32];
    too_long(key.unwrap_key(Algorithm::CkmAesKeyWrap, &endless).err());
    let hmac = Algorithm::Hmac(Hash::Sha512);
    assert!(key.sign(hmac, &most).is_ok());
    too_long(key.sign(hmac, &over).err());
    too_long(key.verify(hmac, &over, &[]).err());
    too_long(key.verify(hmac, &most, &endless).err());
}
