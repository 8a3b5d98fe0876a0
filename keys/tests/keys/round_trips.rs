//! What one operation makes, its opposite takes.

use proptest::prelude::*;
use strongroom_keys::{
    Algorithm, Ciphertext, Key, KeyError, KeyOperation, KeyProvider, KeySpec, KeyType, OctSize, Plaintext,
    PublicMembers, RsaSize, Software,
};

use crate::support::{every_key, flipped, generated, rsa};

const IV: [u8; 16] = [9; 16];

/// What the algorithm takes of a caller's IV.
fn iv_of(algorithm: Algorithm) -> Option<&'static [u8]> {
    matches!(algorithm, Algorithm::AesCbc(_) | Algorithm::AesCbcPad(_)).then_some(&IV)
}

fn algorithms(key: &Key, operation: KeyOperation) -> impl Iterator<Item = Algorithm> {
    let key_type = key.key_type();
    Algorithm::ALL
        .into_iter()
        .filter(move |algorithm| algorithm.suits(key_type) && algorithm.serves(operation))
}

#[test]
fn every_key_decrypts_what_it_encrypted_with_every_algorithm_it_has() {
    let data = *b"exactly 32 bytes, or two blocks.";
    let mut pairs = 0;
    for key in every_key() {
        for algorithm in algorithms(&key, KeyOperation::Encrypt) {
            let plaintext = Plaintext {
                iv: iv_of(algorithm),
                ..Plaintext::new(&data)
            };
            let encrypted = key.encrypt(algorithm, plaintext).unwrap();
            assert_ne!(encrypted.value, data);
            let decrypted = key.decrypt(algorithm, encrypted.as_ciphertext()).unwrap();
            assert_eq!(*decrypted, data, "{algorithm}");
            pairs += 1;
        }
        for algorithm in algorithms(&key, KeyOperation::WrapKey) {
            let wrapped = key.wrap_key(algorithm, &data).unwrap();
            assert_ne!(wrapped, data);
            assert_eq!(*key.unwrap_key(algorithm, &wrapped).unwrap(), data, "{algorithm}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, 3 * (3 + 3) + 3 * (3 + 3));
}

#[test]
fn every_key_verifies_what_it_signed_and_nothing_else() {
    let mut pairs = 0;
    for key in every_key() {
        for algorithm in algorithms(&key, KeyOperation::Sign) {
            let digest = vec![0xa5; algorithm.digest_length().unwrap_or(100)];
            let signature = key.sign(algorithm, &digest).unwrap();
            let verify = |digest: &[u8], signature: &[u8]| key.verify(algorithm, digest, signature).unwrap();
            assert!(verify(&digest, &signature), "{algorithm}");
            assert!(!verify(&flipped(&digest), &signature), "{algorithm}");
            assert!(!verify(&digest, &flipped(&signature)), "{algorithm}");
            assert!(!verify(&digest, &signature[1..]), "{algorithm}");
            assert!(!verify(&digest, &[]), "{algorithm}");
            assert!(
                !verify(&digest, &[signature.as_slice(), &[0]].concat()),
                "{algorithm}"
            );
            pairs += 1;
        }
    }
    assert_eq!(pairs, 3 * 6 + 4 + 3 * 3 + 3);
}

#[test]
fn signatures_have_the_width_that_their_curve_gives() {
    for (name, width) in [("ES256", 64), ("ES384", 96), ("ES512", 132), ("ES256K", 64)] {
        let algorithm: Algorithm = name.parse().unwrap();
        let key = every_key()
            .into_iter()
            .find(|key| algorithm.suits(key.key_type()))
            .unwrap();
        for _ in 0..16 {
            let digest = vec![3; algorithm.digest_length().unwrap()];
            assert_eq!(key.sign(algorithm, &digest).unwrap().len(), width);
        }
    }
}

#[test]
fn a_key_that_is_generated_is_what_was_asked_for() {
    let key = generated(KeyType::Rsa(RsaSize::Bits2048));
    assert_eq!(key.key_type(), KeyType::Rsa(RsaSize::Bits2048));
    let PublicMembers::Rsa { n, e } = key.public().members() else {
        panic!();
    };
    assert_eq!((n.len(), e), (256, &[1, 0, 1][..]));
    let other = generated(KeyType::Rsa(RsaSize::Bits2048));
    assert_ne!(key.public().members(), other.public().members());
}

#[test]
fn another_public_exponent_is_honoured() {
    for exponent in [5_u8, 17] {
        let spec = KeySpec::new(KeyType::Rsa(RsaSize::Bits2048));
        let key = Software
            .generate(spec.with_public_exponent(exponent.into()).unwrap())
            .unwrap();
        let PublicMembers::Rsa { n, e } = key.public().members() else {
            panic!();
        };
        assert_eq!((n.len(), e), (256, &[exponent][..]));
        let (algorithm, digest) = (Algorithm::RsaPss(strongroom_keys::Hash::Sha256), [1; 32]);
        let signature = key.sign(algorithm, &digest).unwrap();
        assert!(key.verify(algorithm, &digest, &signature).unwrap());
        for algorithm in [Algorithm::Rsa15, Algorithm::RsaOaep256] {
            let wrapped = key.wrap_key(algorithm, &digest).unwrap();
            assert_eq!(*key.unwrap_key(algorithm, &wrapped).unwrap(), digest);
        }
    }
}

#[test]
fn gcm_makes_another_iv_each_time_and_binds_the_additional_data() {
    let key = generated(KeyType::Oct(OctSize::Bits192));
    let algorithm = Algorithm::AesGcm(OctSize::Bits192);
    let plaintext = Plaintext {
        aad: Some(b"about"),
        ..Plaintext::new(b"data")
    };
    let (one, other) = (
        key.encrypt(algorithm, plaintext).unwrap(),
        key.encrypt(algorithm, plaintext).unwrap(),
    );
    assert_ne!(one.iv, other.iv);
    assert_ne!(one.value, other.value);
    assert_eq!(
        (one.iv.as_ref().unwrap().len(), one.tag.as_ref().unwrap().len()),
        (12, 16)
    );
    let whole = Ciphertext {
        aad: Some(b"about"),
        ..one.as_ciphertext()
    };
    assert_eq!(*key.decrypt(algorithm, whole).unwrap(), *b"data");
    let (value, iv, tag) = (
        flipped(&one.value),
        flipped(whole.iv.unwrap()),
        flipped(whole.tag.unwrap()),
    );
    for altered in [
        one.as_ciphertext(),
        Ciphertext {
            aad: Some(b"aboux"),
            ..whole
        },
        Ciphertext {
            value: &value,
            ..whole
        },
        Ciphertext {
            iv: Some(&iv),
            ..whole
        },
        Ciphertext {
            tag: Some(&tag),
            ..whole
        },
    ] {
        assert_eq!(key.decrypt(algorithm, altered), Err(KeyError::NotDecrypted));
    }
}

#[test]
fn zeros_that_cbc_filled_in_stay_when_it_is_decrypted() {
    let key = generated(KeyType::Oct(OctSize::Bits128));
    let algorithm = Algorithm::AesCbc(OctSize::Bits128);
    let data = [7; 200];
    let encrypted = key
        .encrypt(
            algorithm,
            Plaintext {
                iv: Some(&IV),
                ..Plaintext::new(&data)
            },
        )
        .unwrap();
    assert_eq!(encrypted.iv.as_deref(), Some(&IV[..]));
    let decrypted = key.decrypt(algorithm, encrypted.as_ciphertext()).unwrap();
    assert_eq!(*decrypted, [&data[..], &[0; 8]].concat());
}

#[test]
fn a_bad_padding_of_pkcs1_is_answered_with_bytes_that_stay_the_same() {
    let key = rsa(RsaSize::Bits2048);
    let wrapped = key.wrap_key(Algorithm::RsaOaep, &[5; 32]).unwrap();
    let answer = key.unwrap_key(Algorithm::Rsa15, &wrapped).unwrap();
    let again = rsa(RsaSize::Bits2048)
        .unwrap_key(Algorithm::Rsa15, &wrapped)
        .unwrap();
    assert_eq!(answer, again);
    assert!(answer.len() <= 256 - 11);
    assert_ne!(*answer, [5; 32]);
    // The other way round it is an error, which needs no key to be seen: OAEP has a check of its own.
    let wrapped = key.wrap_key(Algorithm::Rsa15, &[5; 32]).unwrap();
    assert_eq!(
        key.unwrap_key(Algorithm::RsaOaep, &wrapped),
        Err(KeyError::OaepPadding)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn symmetric_keys_give_back_any_data(data in proptest::collection::vec(any::<u8>(), 1..200), aad: Vec<u8>) {
        for size in OctSize::ALL {
            let key = generated(KeyType::Oct(size));
            let plaintext = Plaintext { aad: Some(&aad), ..Plaintext::new(&data) };
            let encrypted = key.encrypt(Algorithm::AesGcm(size), plaintext).unwrap();
            let ciphertext = Ciphertext { aad: Some(&aad), ..encrypted.as_ciphertext() };
            prop_assert_eq!(&*key.decrypt(Algorithm::AesGcm(size), ciphertext).unwrap(), &data);

            let plaintext = Plaintext { iv: Some(&IV), ..Plaintext::new(&data) };
            let encrypted = key.encrypt(Algorithm::AesCbcPad(size), plaintext).unwrap();
            let decrypted = key.decrypt(Algorithm::AesCbcPad(size), encrypted.as_ciphertext()).unwrap();
            prop_assert_eq!(&*decrypted, &data);

            let encrypted = key.encrypt(Algorithm::AesCbc(size), plaintext).unwrap();
            let decrypted = key.decrypt(Algorithm::AesCbc(size), encrypted.as_ciphertext()).unwrap();
            prop_assert_eq!(&decrypted[..data.len()], data.as_slice());

            let wrapped = key.wrap_key(Algorithm::CkmAesKeyWrapPad, &data).unwrap();
            prop_assert_eq!(&*key.unwrap_key(Algorithm::CkmAesKeyWrapPad, &wrapped).unwrap(), &data);
        }
    }
}
