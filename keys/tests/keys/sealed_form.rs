//! The form in which a provider's private part is kept.

use proptest::prelude::*;
use strongroom_keys::{
    Algorithm, Ciphertext, Key, KeyError, KeyOperation, KeyProvider, Plaintext, Software, limits,
};

use crate::support::every_key;

fn open(bytes: &[u8]) -> Result<Key, KeyError> {
    Software.open(bytes)
}

#[test]
fn a_key_that_was_sealed_and_opened_is_the_same_key() {
    for key in every_key() {
        let sealed = key.to_bytes().unwrap();
        assert!(sealed.len() <= limits::SEALED);
        let opened = open(&sealed).unwrap();
        assert_eq!(opened.key_type(), key.key_type());
        assert_eq!(opened.public().members(), key.public().members());
        assert_eq!(opened.to_bytes().unwrap(), sealed);
        for algorithm in Algorithm::ALL.into_iter().filter(|it| it.suits(key.key_type())) {
            if algorithm.serves(KeyOperation::Sign) {
                let digest = vec![1; algorithm.digest_length().unwrap_or(10)];
                let signature = opened.sign(algorithm, &digest).unwrap();
                assert!(key.verify(algorithm, &digest, &signature).unwrap(), "{algorithm}");
            } else if algorithm.serves(KeyOperation::WrapKey) {
                let wrapped = key.wrap_key(algorithm, &[1; 16]).unwrap();
                assert_eq!(
                    *opened.unwrap_key(algorithm, &wrapped).unwrap(),
                    [1; 16],
                    "{algorithm}"
                );
            }
        }
    }
}

/// The first bytes of every form, and its length; that of RSA depends on the key.
#[test]
fn the_form_is_the_one_that_was_agreed() {
    let forms: Vec<_> = every_key().iter().map(|key| key.to_bytes().unwrap()).collect();
    let heads: Vec<_> = forms.iter().map(|form| (form[0], form[1])).collect();
    let types = [
        0x11, 0x12, 0x13, 0x21, 0x22, 0x23, 0x24, 0x31, 0x32, 0x33, 0x41, 0x42, 0x43,
    ];
    assert_eq!(heads, types.map(|code| (1, code)));
    let lengths: Vec<_> = forms[3..].iter().map(|form| form.len() - 2).collect();
    assert_eq!(
        lengths,
        [32 + 65, 48 + 97, 66 + 133, 32 + 65, 16, 24, 32, 32, 32, 32]
    );
}

/// A stored form is authenticated by who stores it. Should an altered one come here all the same, it is refused, or it
/// is the whole form of another key, as any 16 bytes are an AES key.
#[test]
fn an_altered_byte_is_refused_or_makes_another_whole_key() {
    let mut refused = 0;
    for key in every_key() {
        let sealed = key.to_bytes().unwrap();
        for index in 0..sealed.len() {
            let mut altered = sealed.to_vec();
            altered[index] ^= 1 << (index % 8);
            match open(&altered) {
                Ok(other) => {
                    assert_eq!(*other.to_bytes().unwrap(), altered);
                    let fixed = [0x31, 0x32, 0x33, 0x41, 0x42, 0x43];
                    assert!(fixed.contains(&altered[1]), "{:?} at {index}", key.key_type());
                }
                Err(error) => {
                    assert_eq!(error, KeyError::Damaged);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 4000, "{refused}");
}

#[test]
fn bytes_that_end_early_or_late_are_refused() {
    for key in every_key() {
        let sealed = key.to_bytes().unwrap();
        for length in 0..sealed.len() {
            assert_eq!(open(&sealed[..length]).err(), Some(KeyError::Damaged));
        }
        assert_eq!(
            open(&[sealed.as_slice(), &[0]].concat()).err(),
            Some(KeyError::Damaged)
        );
    }
    assert_eq!(open(&vec![1; limits::SEALED + 1]).err(), Some(KeyError::Damaged));
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(kind in 0x10_u8..0x50, bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let Ok(key) = open(&[&[1, kind], bytes.as_slice()].concat()) else {
            return Ok(());
        };
        for algorithm in Algorithm::ALL {
            let _ = key.encrypt(algorithm, Plaintext::new(&bytes));
            let _ = key.decrypt(algorithm, Ciphertext::new(&bytes));
        }
    }
}
