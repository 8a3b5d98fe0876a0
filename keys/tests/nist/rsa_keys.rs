//! RSA keys of the numbers in vectors.

use rsa::{BoxedUint, traits::PrivateKeyParts as _};
use strongroom_keys::{
    BadKey, Key, KeyError, KeyKind, KeyProvider, Member, PublicMembers, RsaSize, Software,
    public::RsaPublicKey,
};

use crate::{
    material::{jwk, trimmed},
    records::{Record, cavs},
};

/// The size of a key, where keys have it here.
pub fn size(modulus: &[u8]) -> Option<RsaSize> {
    let modulus = trimmed(modulus);
    let zeros = usize::try_from(modulus[0].leading_zeros()).unwrap();
    RsaSize::from_bits(modulus.len() * 8 - zeros)
}

/// The public key of `n` and `e`.
pub fn public(record: &Record) -> RsaPublicKey {
    let [n, e] = ["n", "e"].map(|name| record.bytes(name));
    RsaPublicKey::new(trimmed(&n), trimmed(&e)).unwrap()
}

/// Whether a vault takes the private key: none with the public exponent 3.
pub fn is_taken(record: &Record) -> bool {
    trimmed(&record.bytes("e")) != [3]
}

/// The key of `n`, `e` and `d`, and of `p` and `q` where they are there; else they are found from the others.
pub fn private(record: &Record) -> Key {
    imported(record).unwrap()
}

fn imported(record: &Record) -> Result<Key, KeyError> {
    let numbers = ["n", "e", "d"].map(|name| record.bytes(name));
    let primes = if record.has("p") {
        ["p", "q"].map(|name| record.bytes(name))
    } else {
        primes(&numbers)
    };
    let [modulus, public, private] = &numbers;
    try_import([modulus, public, private, &primes[0], &primes[1]])
}

/// The primes of the key of this modulus and these exponents.
fn primes(numbers: &[Vec<u8>; 3]) -> [Vec<u8>; 2] {
    let [modulus, public, private] = numbers
        .each_ref()
        .map(|bytes| BoxedUint::from_be_slice_vartime(trimmed(bytes)));
    let key = rsa::PrivateKey::from_components(modulus, public, private, Vec::new()).unwrap();
    let [one, other] = key.primes() else {
        panic!("{} primes", key.primes().len());
    };
    [one, other].map(|prime| prime.to_be_bytes().to_vec())
}

/// The key of its modulus, its public and private exponents, and its primes.
pub fn import(numbers: [&[u8]; 5]) -> Key {
    try_import(numbers).unwrap()
}

fn try_import(numbers: [&[u8]; 5]) -> Result<Key, KeyError> {
    let members = [Member::N, Member::E, Member::D, Member::P, Member::Q];
    let members: Vec<_> = members.into_iter().zip(numbers).collect();
    Software.import(&jwk(KeyKind::Rsa, &members))
}

/// Keys that were generated elsewhere are keys, and show their modulus; but for those with the public exponent 3, which no
/// vault takes.
pub fn key_pairs(file: &str) -> usize {
    let mut checked = 0;
    for record in cavs(file, &[]) {
        let modulus = record.bytes("n");
        if size(&modulus).is_none() {
            continue;
        }
        checked += 1;
        if !is_taken(&record) {
            assert_eq!(imported(&record).unwrap_err(), BadKey::PublicExponent.into());
            continue;
        }
        let key = private(&record);
        let PublicMembers::Rsa { n, e } = key.public().members() else {
            panic!();
        };
        assert_eq!((n, e), (trimmed(&modulus), trimmed(&record.bytes("e"))));
    }
    checked
}
