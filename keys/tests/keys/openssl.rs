//! The same operations by the openssl program, where there is one.

mod private;
mod public;
mod symmetric;

use std::{fs, path::Path, process::Command};

use strongroom_keys::{Algorithm, Ciphertext, Curve, Hash, KeyType, Plaintext, RsaSize};
use tempfile::TempDir;

use crate::{
    material::{digest_of, trimmed},
    support::{flipped, generated, rsa},
};

/// A directory to give the program files in; none where there is no such program.
fn openssl() -> Option<TempDir> {
    let found = Command::new("openssl")
        .arg("version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("there is no openssl program here");
    }
    found.then(|| tempfile::tempdir().unwrap())
}

/// Runs the program in `directory`; what it wrote, if it succeeded.
fn run(directory: &Path, arguments: &str) -> Option<Vec<u8>> {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(directory)
        .output()
        .unwrap();
    output.status.success().then_some(output.stdout)
}

fn name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "sha256",
        Hash::Sha384 => "sha384",
        Hash::Sha512 => "sha512",
    }
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len();
    let head = match u8::try_from(length) {
        Ok(short) if short < 0x80 => vec![tag, short],
        Ok(length) => vec![tag, 0x81, length],
        Err(_) => [&[tag, 0x82][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    };
    [head, content].concat()
}

fn integer(number: &[u8]) -> Vec<u8> {
    let number = trimmed(number);
    let sign: &[u8] = if number.first().is_none_or(|first| *first >= 0x80) {
        &[0]
    } else {
        &[]
    };
    der(0x02, &[sign, number])
}

/// A signature as openssl writes it (RFC 3279, 2.2.3).
fn signature_der(fixed: &[u8]) -> Vec<u8> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    der(0x30, &[&integer(r), &integer(s)])
}

/// An `ECPrivateKey` (RFC 5915) of our sealed form: scalar, then point.
fn ec_der(curve: Curve, sealed: &[u8]) -> Vec<u8> {
    let oid: &[u8] = match curve {
        Curve::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
        Curve::P256K => &[0x2b, 0x81, 0x04, 0x00, 0x0a],
    };
    let (scalar, point) = sealed[2..].split_at(curve.width());
    der(
        0x30,
        &[
            &der(0x02, &[&[1]]),
            &der(0x04, &[scalar]),
            &der(0xa0, &[&der(0x06, &[oid])]),
            &der(0xa1, &[&der(0x03, &[&[0], point])]),
        ],
    )
}

/// r then s of a signature as openssl writes it.
fn signature_fixed(der: &[u8], width: usize) -> Vec<u8> {
    let mut rest = if der[1] == 0x81 { &der[3..] } else { &der[2..] };
    let mut fixed = Vec::new();
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = trimmed(&rest[2..2 + length]);
        fixed.resize(fixed.len() + width - number.len(), 0);
        fixed.extend_from_slice(number);
        rest = &rest[2 + length..];
    }
    fixed
}

#[test]
fn openssl_verifies_our_ecdsa_signatures_and_we_verify_its() {
    let Some(directory) = openssl() else { return };
    let path = directory.path();
    for curve in Curve::ALL {
        let algorithm = Algorithm::Ecdsa(curve);
        let hash = match curve {
            Curve::P256 | Curve::P256K => Hash::Sha256,
            Curve::P384 => Hash::Sha384,
            Curve::P521 => Hash::Sha512,
        };
        let key = generated(KeyType::Ec(curve));
        fs::write(path.join("key"), ec_der(curve, &key.to_bytes().unwrap())).unwrap();
        let digest = digest_of(hash, b"message");
        fs::write(path.join("digest"), &digest).unwrap();
        let signature = key.sign(algorithm, &digest).unwrap();
        let verify = "pkeyutl -verify -inkey key -keyform DER -in digest -sigfile signature";
        fs::write(path.join("signature"), signature_der(&signature)).unwrap();
        assert!(run(path, verify).is_some(), "{curve}");
        fs::write(path.join("signature"), signature_der(&flipped(&signature))).unwrap();
        assert!(run(path, verify).is_none(), "{curve}");
        let signature = run(path, "pkeyutl -sign -inkey key -keyform DER -in digest").unwrap();
        let signature = signature_fixed(&signature, curve.width());
        assert!(key.verify(algorithm, &digest, &signature).unwrap(), "{curve}");
    }
}

#[test]
fn openssl_verifies_our_rsa_signatures_and_we_verify_its() {
    let Some(directory) = openssl() else { return };
    let path = directory.path();
    for size in RsaSize::ALL {
        let key = rsa(size);
        fs::write(path.join("key"), &key.to_bytes().unwrap()[2..]).unwrap();
        for hash in Hash::ALL {
            let digest = digest_of(hash, b"message");
            fs::write(path.join("digest"), &digest).unwrap();
            for (algorithm, padding) in [
                (Algorithm::RsaPkcs1(hash), "-pkeyopt rsa_padding_mode:pkcs1"),
                (
                    Algorithm::RsaPss(hash),
                    "-pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:digest",
                ),
            ] {
                let options = format!(
                    "-inkey key -keyform DER -in digest -pkeyopt digest:{} {padding}",
                    name(hash)
                );
                fs::write(path.join("signature"), key.sign(algorithm, &digest).unwrap()).unwrap();
                assert!(
                    run(path, &format!("pkeyutl -verify -sigfile signature {options}")).is_some(),
                    "{algorithm}"
                );
                let signature = run(path, &format!("pkeyutl -sign {options}")).unwrap();
                assert!(key.verify(algorithm, &digest, &signature).unwrap(), "{algorithm}");
            }
        }
    }
}

#[test]
fn openssl_decrypts_what_we_encrypt_with_rsa_and_we_what_it_does() {
    let Some(directory) = openssl() else { return };
    let path = directory.path();
    let data = [9; 100];
    fs::write(path.join("data"), data).unwrap();
    for size in RsaSize::ALL {
        let key = rsa(size);
        fs::write(path.join("key"), &key.to_bytes().unwrap()[2..]).unwrap();
        for (algorithm, padding) in [
            (Algorithm::Rsa15, "-pkeyopt rsa_padding_mode:pkcs1"),
            (
                Algorithm::RsaOaep,
                "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha1",
            ),
            (
                Algorithm::RsaOaep256,
                "-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256",
            ),
        ] {
            let encrypt = format!("pkeyutl -encrypt -inkey key -keyform DER -in data {padding}");
            let encrypted = run(path, &encrypt).unwrap();
            assert_eq!(
                *key.decrypt(algorithm, Ciphertext::new(&encrypted)).unwrap(),
                data,
                "{algorithm}"
            );
            assert_eq!(*key.unwrap_key(algorithm, &encrypted).unwrap(), data);
            let encrypted = key.encrypt(algorithm, Plaintext::new(&data)).unwrap().value;
            for encrypted in [encrypted, key.wrap_key(algorithm, &data).unwrap()] {
                fs::write(path.join("encrypted"), encrypted).unwrap();
                let decrypt = format!("pkeyutl -decrypt -inkey key -keyform DER -in encrypted {padding}");
                assert_eq!(run(path, &decrypt).unwrap(), data, "{algorithm}");
            }
        }
    }
}
