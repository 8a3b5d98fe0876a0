//! Symmetric operations by `RustCrypto`'s AES and HMAC. The modes of AES are written here, from SP 800-38A and SP 800-38D.

use aes::{
    Aes128, Aes192, Aes256,
    cipher::{Array, BlockCipherDecrypt as _, BlockCipherEncrypt as _},
};
use hmac::{Hmac, KeyInit, Mac as _};
use rsa::sha2::{Sha256, Sha384, Sha512};
use strongroom_keys::{Algorithm, Ciphertext, Hash, Key, KeyError, OctSize, Plaintext};

use crate::{material::oct, support::flipped};

type Block = [u8; 16];

/// AES with one key, in each direction.
struct Aes {
    encrypt: Box<dyn Fn(Block) -> Block>,
    decrypt: Box<dyn Fn(Block) -> Block>,
}

macro_rules! aes {
    ($cipher:ident, $key:expr) => {{
        let (one, other) = (
            $cipher::new_from_slice($key).unwrap(),
            $cipher::new_from_slice($key).unwrap(),
        );
        Aes {
            encrypt: Box::new(move |block| {
                let mut block = Array::from(block);
                one.encrypt_block(&mut block);
                block.into()
            }),
            decrypt: Box::new(move |block| {
                let mut block = Array::from(block);
                other.decrypt_block(&mut block);
                block.into()
            }),
        }
    }};
}

/// A key of each size, by us and by the other library.
fn keys() -> [(OctSize, Key, Aes); 3] {
    let bytes: Vec<u8> = (100..132).collect();
    [OctSize::Bits128, OctSize::Bits192, OctSize::Bits256].map(|size| {
        let bytes = &bytes[..size.bytes()];
        let theirs = match size {
            OctSize::Bits128 => aes!(Aes128, bytes),
            OctSize::Bits192 => aes!(Aes192, bytes),
            OctSize::Bits256 => aes!(Aes256, bytes),
        };
        (size, oct(bytes).unwrap(), theirs)
    })
}

fn xor(one: Block, other: Block) -> Block {
    std::array::from_fn(|index| one[index] ^ other[index])
}

/// The blocks of `data`, the last one filled with zeros.
fn blocks(data: &[u8]) -> impl Iterator<Item = Block> {
    data.chunks(16).map(|chunk| {
        let mut block = [0; 16];
        block[..chunk.len()].copy_from_slice(chunk);
        block
    })
}

/// Of whole blocks.
fn cbc(aes: &Aes, iv: Block, data: &[u8]) -> Vec<u8> {
    let mut last = iv;
    let encrypted = blocks(data).flat_map(|block| {
        last = (aes.encrypt)(xor(block, last));
        last
    });
    encrypted.collect()
}

fn cbc_back(aes: &Aes, iv: Block, data: &[u8]) -> Vec<u8> {
    let mut last = iv;
    let decrypted = blocks(data).flat_map(|block| {
        let before = std::mem::replace(&mut last, block);
        xor((aes.decrypt)(block), before)
    });
    decrypted.collect()
}

/// With the padding of PKCS#7.
fn padded(data: &[u8]) -> Vec<u8> {
    let missing = 16 - data.len() % 16;
    [data, &vec![u8::try_from(missing).unwrap(); missing]].concat()
}

/// The product in the field of GCM (SP 800-38D, 6.3).
fn product(x: u128, y: u128) -> u128 {
    let (mut sum, mut power) = (0, y);
    for bit in (0..128).rev() {
        if (x >> bit) & 1 == 1 {
            sum ^= power;
        }
        let carry = power & 1;
        power >>= 1;
        if carry == 1 {
            power ^= 0xe1 << 120;
        }
    }
    sum
}

/// The ciphertext and its tag (SP 800-38D, 7.1).
fn gcm(aes: &Aes, iv: &[u8], aad: &[u8], data: &[u8]) -> (Vec<u8>, Block) {
    let counter = |count: u32| -> Block { [iv, &count.to_be_bytes()].concat().try_into().unwrap() };
    let mut encrypted = Vec::new();
    for (chunk, count) in data.chunks(16).zip(2..) {
        let stream = (aes.encrypt)(counter(count));
        encrypted.extend(chunk.iter().zip(stream).map(|(byte, key)| byte ^ key));
    }
    let bits = |bytes: &[u8]| u128::try_from(bytes.len() * 8).unwrap();
    let lengths = ((bits(aad) << 64) | bits(&encrypted)).to_be_bytes();
    let hashed = blocks(aad).chain(blocks(&encrypted)).chain([lengths]);
    let subkey = u128::from_be_bytes((aes.encrypt)([0; 16]));
    let hash = hashed.fold(0, |sum, block| product(sum ^ u128::from_be_bytes(block), subkey));
    (encrypted, xor((aes.encrypt)(counter(1)), hash.to_be_bytes()))
}

#[test]
fn cbc_is_the_other_library_s() {
    let iv = [0x1d; 16];
    for (size, ours, theirs) in keys() {
        for length in [1, 15, 16, 17, 200] {
            let data: Vec<u8> = (0..).take(length).collect();
            let zeros: Vec<u8> = blocks(&data).flatten().collect();
            for (algorithm, whole, expected) in [
                (Algorithm::AesCbc(size), zeros.clone(), zeros),
                (Algorithm::AesCbcPad(size), padded(&data), data.clone()),
            ] {
                let plaintext = Plaintext {
                    iv: Some(&iv),
                    ..Plaintext::new(&data)
                };
                let encrypted = ours.encrypt(algorithm, plaintext).unwrap().value;
                assert_eq!(encrypted, cbc(&theirs, iv, &whole), "{algorithm} {length}");
                assert_eq!(cbc_back(&theirs, iv, &encrypted), whole, "{algorithm} {length}");
                let ciphertext = Ciphertext {
                    iv: Some(&iv),
                    ..Ciphertext::new(&encrypted)
                };
                assert_eq!(*ours.decrypt(algorithm, ciphertext).unwrap(), expected);
            }
        }
    }
}

#[test]
fn gcm_is_the_other_library_s() {
    for (size, ours, theirs) in keys() {
        let algorithm = Algorithm::AesGcm(size);
        for (length, aad) in [(0, 0), (1, 0), (16, 20), (33, 16), (200, 1), (0, 31)] {
            let [data, aad]: [Vec<u8>; 2] = [length, aad].map(|length| (7..).take(length).collect());
            let plaintext = Plaintext {
                aad: Some(&aad),
                ..Plaintext::new(&data)
            };
            let encrypted = ours.encrypt(algorithm, plaintext).unwrap();
            let (value, tag) = gcm(&theirs, encrypted.iv.as_ref().unwrap(), &aad, &data);
            assert_eq!(encrypted.value, value, "{algorithm} {length}");
            assert_eq!(encrypted.tag.as_deref(), Some(&tag[..]), "{algorithm} {length}");

            let iv = [0x77; 12];
            let (value, tag) = gcm(&theirs, &iv, &aad, &data);
            let ciphertext = Ciphertext {
                value: &value,
                iv: Some(&iv),
                tag: Some(&tag),
                aad: Some(&aad),
            };
            assert_eq!(*ours.decrypt(algorithm, ciphertext).unwrap(), data);
            let wrong = flipped(&tag);
            let altered = Ciphertext {
                tag: Some(&wrong),
                ..ciphertext
            };
            assert_eq!(ours.decrypt(algorithm, altered), Err(KeyError::NotDecrypted));
        }
    }
}

fn hmac(hash: Hash, key: &[u8], data: &[u8]) -> Vec<u8> {
    macro_rules! hmac {
        ($hash:ident) => {{
            let mut mac = Hmac::<$hash>::new_from_slice(key).unwrap();
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        }};
    }
    match hash {
        Hash::Sha256 => hmac!(Sha256),
        Hash::Sha384 => hmac!(Sha384),
        Hash::Sha512 => hmac!(Sha512),
    }
}

#[test]
fn hmacs_are_the_other_library_s() {
    for size in OctSize::ALL {
        let bytes: Vec<u8> = (30..).take(size.bytes()).collect();
        let key = oct(&bytes).unwrap();
        for hash in Hash::ALL {
            let algorithm = Algorithm::Hmac(hash);
            for length in [0, 1, 127, 128, 129, 1000] {
                let data = vec![5; length];
                let theirs = hmac(hash, &bytes, &data);
                assert_eq!(key.sign(algorithm, &data).unwrap(), theirs);
                assert!(key.verify(algorithm, &data, &theirs).unwrap());
                assert!(!key.verify(algorithm, &data, &flipped(&theirs)).unwrap());
            }
        }
    }
}
