//! Decryption with RSA: OAEP, and PKCS#1 v1.5.

use strongroom_keys::{Algorithm, Ciphertext, Key};

use crate::{
    records::headed,
    rsa_keys::{import, size},
};

pub fn oaep(file: &str) -> usize {
    decryptions(file, Algorithm::RsaOaep)
}

pub fn oaep_256(file: &str) -> usize {
    decryptions(file, Algorithm::RsaOaep256)
}

pub fn pkcs1(file: &str) -> usize {
    decryptions(file, Algorithm::Rsa15)
}

/// A ciphertext decrypts to its message, and so does what we make of the message.
fn decryptions(file: &str, algorithm: Algorithm) -> usize {
    let mut checked = 0;
    let mut last: Option<(Vec<u8>, Key)> = None;
    for record in headed(file, "Encryption") {
        let modulus = record.bytes("Modulus");
        if size(&modulus).is_none() {
            continue;
        }
        if last.as_ref().is_none_or(|(of, _)| *of != modulus) {
            let [e, d, p, q] =
                ["Public exponent", "Exponent", "Prime 1", "Prime 2"].map(|name| record.bytes(name));
            last = Some((modulus.clone(), import([&modulus, &e, &d, &p, &q])));
        }
        let (_, key) = last.as_ref().unwrap();
        let (message, encrypted) = (record.bytes("Message"), record.bytes("Encryption"));
        let decrypted = key.decrypt(algorithm, Ciphertext::new(&encrypted)).unwrap();
        assert_eq!(*decrypted, message, "{file} {checked}");
        let ours = key.wrap_key(algorithm, &message).unwrap();
        assert_eq!(*key.unwrap_key(algorithm, &ours).unwrap(), message);
        checked += 1;
    }
    checked
}
