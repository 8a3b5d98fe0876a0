//! RSA signatures with PKCS#1 v1.5 and PSS.

use strongroom_keys::{Algorithm, Hash, Key};

use crate::{
    material::digest_of,
    records::{Record, cavs},
    rsa_keys::{is_taken, private, public, size},
};

/// What a file says once for several vectors.
const KEPT: &[&str] = &["n", "e", "d", "p", "q"];

/// The vectors of a file of keys and hash functions that the service has.
fn ours(file: &str) -> Vec<(Hash, Record)> {
    let hash = |name: &str| {
        Some(match name {
            "SHA256" => Hash::Sha256,
            "SHA384" => Hash::Sha384,
            "SHA512" => Hash::Sha512,
            _ => return None,
        })
    };
    let records = cavs(file, KEPT).into_iter();
    records
        .filter(|record| record.has("S"))
        .filter_map(|record| {
            size(&record.bytes("n"))?;
            Some((hash(record.text("SHAAlg"))?, record))
        })
        .collect()
}

/// A signature is accepted or refused; where it is good and the private key is there and taken, ours is the same.
pub fn pkcs1(file: &str) -> usize {
    let records = ours(file);
    // Many vectors are of one key.
    let mut last: Option<([Vec<u8>; 2], Key)> = None;
    for (number, (hash, record)) in records.iter().enumerate() {
        let (algorithm, digest) = (Algorithm::RsaPkcs1(*hash), digest_of(*hash, &record.bytes("Msg")));
        let signature = record.bytes("S");
        let expected = !record.has("Result") || record.text("Result").starts_with('P');
        let verified = public(record).verify(algorithm, &digest, &signature).unwrap();
        assert_eq!(verified, expected, "{file} {number}");
        if expected && record.has("d") && is_taken(record) {
            let numbers = ["n", "e"].map(|name| record.bytes(name));
            if last.as_ref().is_none_or(|(of, _)| *of != numbers) {
                last = Some((numbers, private(record)));
            }
            let (_, key) = last.as_ref().unwrap();
            assert_eq!(
                key.sign(algorithm, &digest).unwrap(),
                signature,
                "{file} {number}"
            );
        }
    }
    records.len()
}

/// Signatures with a salt that is not as long as the digest, which the service refuses.
pub fn pss_of_another_salt(file: &str) -> usize {
    let records = ours(file);
    for (number, (hash, record)) in records.iter().enumerate() {
        let digest = digest_of(*hash, &record.bytes("Msg"));
        let signature = record.bytes("S");
        let verified = public(record).verify(Algorithm::RsaPss(*hash), &digest, &signature);
        assert_eq!(verified, Ok(false), "{file} {number}");
    }
    records.len()
}
