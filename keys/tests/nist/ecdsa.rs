//! ECDSA: signatures, pairs of keys, and points that are public keys or none.

use strongroom_keys::{
    Algorithm, Curve, Hash, Key, KeyError, KeyKind, KeyProvider, Member, Software, public::EcPublicKey,
};

use crate::{
    material::{digest_of, jwk, trimmed},
    records::{Record, cavs},
};

const CURVES: [(&str, Curve); 4] = [
    ("P-256", Curve::P256),
    ("P-384", Curve::P384),
    ("P-521", Curve::P521),
    ("K-256", Curve::P256K),
];

/// The vectors of a file on curves that keys have here, with what else their heading names.
fn on_our_curves(file: &str) -> Vec<(Curve, String, Record)> {
    let records = cavs(file, &[]).into_iter().filter_map(|record| {
        let heading = record.sections[0].as_str();
        let (curve, rest) = heading.split_once(',').unwrap_or((heading, ""));
        let (_, curve) = CURVES.into_iter().find(|(name, _)| *name == curve)?;
        Some((curve, rest.to_owned(), record))
    });
    records.collect()
}

/// A number in the width of the curve; none that is longer.
fn fixed(curve: Curve, number: &[u8]) -> Option<Vec<u8>> {
    let number = trimmed(number);
    let zeros = curve.width().checked_sub(number.len())?;
    Some([&vec![0; zeros], number].concat())
}

/// The key of the point, where it is one.
fn public(curve: Curve, record: &Record) -> Option<EcPublicKey> {
    let [x, y] = ["Qx", "Qy"].map(|name| fixed(curve, &record.bytes(name)));
    EcPublicKey::new(curve, &x?, &y?).ok()
}

/// The key of the private part of one vector and the public part of another.
fn import(curve: Curve, private: &Record, public: &Record) -> Result<Key, KeyError> {
    let (d, x, y) = (private.bytes("d"), public.bytes("Qx"), public.bytes("Qy"));
    let mut members = jwk(KeyKind::Ec, &[(Member::D, &d), (Member::X, &x), (Member::Y, &y)]);
    members.curve = Some(curve);
    Software.import(&members)
}

/// Private and public keys belong together; with another's public key a private one does not.
pub fn key_pairs(file: &str) -> usize {
    let records = on_our_curves(file).into_iter();
    let pairs: Vec<_> = records.filter(|(_, _, record)| record.has("d")).collect();
    for (number, (curve, _, record)) in pairs.iter().enumerate() {
        assert!(import(*curve, record, record).is_ok(), "{file} {number}");
        // There are ten of each curve.
        let (other_curve, _, other) = &pairs[number ^ 1];
        assert_eq!(other_curve, curve);
        assert!(import(*curve, record, other).is_err(), "{file} {number}");
    }
    pairs.len()
}

pub fn public_keys(file: &str) -> usize {
    let records = on_our_curves(file);
    for (number, (curve, _, record)) in records.iter().enumerate() {
        let is_key = record.text("Result").starts_with('P');
        assert_eq!(public(*curve, record).is_some(), is_key, "{file} {number}");
    }
    records.len()
}

/// Signatures of the hash function that belongs to the curve. Where the private key is there too, what it signs is
/// verified.
pub fn signatures(file: &str) -> usize {
    let mut checked = 0;
    for (curve, hash_name, record) in on_our_curves(file) {
        let (hash, name) = match curve {
            Curve::P256 | Curve::P256K => (Hash::Sha256, "SHA-256"),
            Curve::P384 => (Hash::Sha384, "SHA-384"),
            Curve::P521 => (Hash::Sha512, "SHA-512"),
        };
        if hash_name != name || !record.has("Msg") {
            continue;
        }
        let digest = digest_of(hash, &record.bytes("Msg"));
        let [r, s] = ["R", "S"].map(|name| fixed(curve, &record.bytes(name)));
        let signature = r.zip(s).map(|(r, s)| [r, s].concat());
        let key = public(curve, &record);
        let verifies = |signature: &[u8]| {
            let verified =
                |key: &EcPublicKey| key.verify(Algorithm::Ecdsa(curve), &digest, signature).unwrap();
            key.as_ref().is_some_and(verified)
        };
        let expected = !record.has("Result") || record.text("Result").starts_with('P');
        let is_good = signature.is_some_and(|signature| verifies(&signature));
        assert_eq!(is_good, expected, "{file} {curve} {checked}");
        if record.has("d") {
            let key = import(curve, &record, &record).unwrap();
            let ours = key.sign(Algorithm::Ecdsa(curve), &digest).unwrap();
            assert!(verifies(&ours), "{file} {curve} {checked}");
        }
        checked += 1;
    }
    checked
}
