//! AES-CBC, key wrap and HMAC. The program does no AES-GCM.

use std::{fs, path::Path};

use strongroom_keys::{Algorithm, Ciphertext, Hash, Key, OctSize, Plaintext};

use super::{name, openssl, run};
use crate::{material::oct, support::flipped};

/// A key of each size, and its bytes in hexadecimal.
fn keys() -> impl Iterator<Item = (OctSize, Key, String)> {
    OctSize::ALL.into_iter().map(|size| {
        let bytes: Vec<u8> = (0_u8..).take(size.bytes()).collect();
        (size, oct(&bytes).unwrap(), hex::encode(bytes))
    })
}

/// What `openssl enc` makes of `data`.
fn enc(path: &Path, arguments: &str, data: &[u8]) -> Vec<u8> {
    fs::write(path.join("data"), data).unwrap();
    run(path, &format!("enc {arguments} -in data")).unwrap()
}

#[test]
fn openssl_encrypts_and_decrypts_with_cbc_as_we_do() {
    let Some(directory) = openssl() else { return };
    let path = directory.path();
    let iv = [4; 16];
    for (size, key, hex_key) in keys() {
        let cipher = format!("-aes-{}-cbc -K {hex_key} -iv {}", size.bits(), hex::encode(iv));
        for (algorithm, padding, length) in [
            (Algorithm::AesCbcPad(size), "", 77),
            (Algorithm::AesCbcPad(size), "", 64),
            (Algorithm::AesCbc(size), "-nopad", 64),
        ] {
            let data = vec![3; length];
            let plaintext = Plaintext {
                iv: Some(&iv),
                ..Plaintext::new(&data)
            };
            let ours = key.encrypt(algorithm, plaintext).unwrap().value;
            let theirs = enc(path, &format!("{cipher} {padding}"), &data);
            assert_eq!(ours, theirs, "{algorithm}");
            let ciphertext = Ciphertext {
                iv: Some(&iv),
                ..Ciphertext::new(&theirs)
            };
            assert_eq!(*key.decrypt(algorithm, ciphertext).unwrap(), data, "{algorithm}");
            let decrypted = enc(path, &format!("{cipher} {padding} -d"), &ours);
            assert_eq!(decrypted, data, "{algorithm}");
        }
    }
}

#[test]
fn openssl_wraps_and_unwraps_keys_as_we_do() {
    let Some(directory) = openssl() else { return };
    let path = directory.path();
    let data: Vec<u8> = (0..200).collect();
    for (size, key, hex_key) in keys() {
        // The IVs are those of RFC 3394 and RFC 5649.
        let wrap = format!("-id-aes{}-wrap -K {hex_key} -iv a6a6a6a6a6a6a6a6", size.bits());
        let padded = format!("-id-aes{}-wrap-pad -K {hex_key} -iv a65959a6", size.bits());
        let cases = [
            (Algorithm::AesKw(size), &wrap, [16, 24, 32, 64, 200]),
            (Algorithm::CkmAesKeyWrap, &wrap, [16, 24, 32, 64, 200]),
            (Algorithm::CkmAesKeyWrapPad, &padded, [1, 8, 9, 31, 199]),
        ];
        for (algorithm, cipher, lengths) in cases {
            for length in lengths {
                let data = &data[..length];
                let ours = key.wrap_key(algorithm, data).unwrap();
                let theirs = enc(path, cipher, data);
                assert_eq!(ours, theirs, "{algorithm} {length}");
                assert_eq!(*key.unwrap_key(algorithm, &theirs).unwrap(), data);
                let unwrapped = enc(path, &format!("{cipher} -d"), &ours);
                assert_eq!(unwrapped, data, "{algorithm} {length}");
            }
        }
    }
}

#[test]
fn openssl_makes_hmacs_as_we_do() {
    let Some(directory) = openssl() else { return };
    let path = directory.path();
    let data = [3; 77];
    fs::write(path.join("data"), data).unwrap();
    for (_, key, hex_key) in keys() {
        for hash in Hash::ALL {
            let algorithm = Algorithm::Hmac(hash);
            let command = format!(
                "dgst -{} -mac HMAC -macopt hexkey:{hex_key} -binary data",
                name(hash)
            );
            let theirs = run(path, &command).unwrap();
            assert_eq!(key.sign(algorithm, &data).unwrap(), theirs);
            assert!(key.verify(algorithm, &data, &theirs).unwrap());
            assert!(!key.verify(algorithm, &data, &flipped(&theirs)).unwrap());
        }
    }
}
