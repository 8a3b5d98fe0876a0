//! Files that want to cost much.

use super::{encryption::Encryption, password::Password, work::Work, *};
use der::{Decode, Encode, Header, Length, Tag};
use spki::AlgorithmIdentifierRef;

const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;
const EXPLICIT: u8 = 0xa0;
const IMPLICIT: u8 = 0x80;

const RC2_40: &str = "1.2.840.113549.1.12.1.6";
const TRIPLE_DES: &str = "1.2.840.113549.1.12.1.3";
const SCRYPT: &str = "1.3.6.1.4.1.11591.4.11";
const SECRET_BAG: &str = "1.2.840.113549.1.12.10.1.5";

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let header = Header::new(
        Tag::from_der(&[tag]).unwrap(),
        Length::try_from(content.len()).unwrap(),
    );
    [header.to_der().unwrap(), content].concat()
}

fn oid(text: &str) -> Vec<u8> {
    ObjectIdentifier::new_unwrap(text).to_der().unwrap()
}

fn number(number: i64) -> Vec<u8> {
    number.to_der().unwrap()
}

fn file(parts: &[Vec<u8>], mac: &[u8]) -> Vec<u8> {
    let safe = element(SEQUENCE, &[&parts.concat()]);
    let data = structure::DATA.to_der().unwrap();
    let contents = element(EXPLICIT, &[&element(OCTETS, &[&safe])]);
    let info = element(SEQUENCE, &[&data, &contents]);
    element(SEQUENCE, &[&number(3), &info, mac])
}

fn plain(bags: &[Vec<u8>]) -> Vec<u8> {
    let bags = element(SEQUENCE, &[&bags.concat()]);
    let data = structure::DATA.to_der().unwrap();
    element(
        SEQUENCE,
        &[&data, &element(EXPLICIT, &[&element(OCTETS, &[&bags])])],
    )
}

fn bag(kind: &str, value: &[u8]) -> Vec<u8> {
    element(SEQUENCE, &[&oid(kind), &element(EXPLICIT, &[value])])
}

fn pbe(algorithm: &str, salt: &[u8], rounds: i64) -> Vec<u8> {
    let parameters = element(SEQUENCE, &[&element(OCTETS, &[salt]), &number(rounds)]);
    element(SEQUENCE, &[&oid(algorithm), &parameters])
}

fn pbes2(derivation: &[u8], vector: &[u8]) -> Vec<u8> {
    let cipher = element(
        SEQUENCE,
        &[
            &encryption::AES_256_CBC.to_der().unwrap(),
            &element(OCTETS, &[vector]),
        ],
    );
    let parameters = element(SEQUENCE, &[derivation, &cipher]);
    element(SEQUENCE, &[&encryption::PBES2.to_der().unwrap(), &parameters])
}

fn pbkdf2(rounds: i64, more: &[u8]) -> Vec<u8> {
    let parameters = element(SEQUENCE, &[&element(OCTETS, &[&[7; 16]]), &number(rounds), more]);
    element(SEQUENCE, &[&derivation::PBKDF2.to_der().unwrap(), &parameters])
}

fn key_bag(algorithm: &[u8], data: &[u8]) -> Vec<u8> {
    let key = element(SEQUENCE, &[algorithm, &element(OCTETS, &[data])]);
    bag("1.2.840.113549.1.12.10.1.2", &key)
}

/// Bags that are encrypted in few rounds.
fn encrypted(bags: &[Vec<u8>]) -> Vec<u8> {
    let bags = element(SEQUENCE, &[&bags.concat()]);
    let algorithm = pbe(RC2_40, &[1; 8], 1);
    let data = element(IMPLICIT, &[&encryption(&algorithm).encrypt(&bags).unwrap()]);
    let info = element(SEQUENCE, &[&structure::DATA.to_der().unwrap(), &algorithm, &data]);
    let data = element(SEQUENCE, &[&number(0), &info]);
    let kind = structure::ENCRYPTED_DATA.to_der().unwrap();
    element(SEQUENCE, &[&kind, &element(EXPLICIT, &[&data])])
}

fn encryption(algorithm: &[u8]) -> Encryption {
    let identifier = AlgorithmIdentifierRef::from_der(algorithm).unwrap();
    Encryption::new(&identifier, Password::new("1"), &mut Work::new()).unwrap()
}

fn mac(rounds: i64) -> Vec<u8> {
    let digest = element(
        SEQUENCE,
        &[
            &element(SEQUENCE, &[&mac::SHA1.to_der().unwrap()]),
            &element(OCTETS, &[&[0; 20]]),
        ],
    );
    element(
        SEQUENCE,
        &[&digest, &element(OCTETS, &[&[1; 8]]), &number(rounds)],
    )
}

fn refusal(file: &[u8]) -> Pkcs12Error {
    Pfx::read(file, Some("1")).unwrap_err()
}

#[test]
fn the_builder_of_these_tests_builds_what_is_read() {
    let certificate = element(OCTETS, &[b"certificate"]);
    let certificate = element(
        SEQUENCE,
        &[
            &oid("1.2.840.113549.1.9.22.1"),
            &element(EXPLICIT, &[&certificate]),
        ],
    );
    let certificate = bag("1.2.840.113549.1.12.10.1.3", &certificate);
    let key = bag(
        "1.2.840.113549.1.12.10.1.1",
        &element(SEQUENCE, &[b"\x02\x01\x00"]),
    );
    let other = bag(SECRET_BAG, &[5, 0]);
    let nested = bag(
        "1.2.840.113549.1.12.10.1.6",
        &element(SEQUENCE, &[&certificate, &certificate]),
    );
    let found = Pfx::read(
        &file(&[encrypted(&[other, key]), plain(&[nested])], &[]),
        Some("1"),
    )
    .unwrap();
    assert_eq!(format!("{found:?}"), "Pfx { private_keys: 1, certificates: 2 }");
    assert_eq!(found.private_keys[0][..], *b"\x30\x03\x02\x01\x00");
    assert_eq!(found.certificates[1], b"certificate");
}

#[test]
fn rounds_are_counted_over_the_whole_file() {
    for rounds in [5_000_001, i64::from(i32::MAX), i64::from(u32::MAX)] {
        assert_eq!(refusal(&file(&[], &mac(rounds))), Pkcs12Error::TooMuchWork);
    }
    for algorithm in [
        pbe(TRIPLE_DES, &[1; 8], 2_000_000),
        pbe(RC2_40, &[1; 8], 3_000_000),
        pbes2(&pbkdf2(1_300_000, &[]), &[0; 16]),
    ] {
        // A key of 256 bits takes two digests of HMAC with SHA-1, each of two hashes.
        assert_eq!(
            refusal(&file(&[plain(&[key_bag(&algorithm, &[0; 16])])], &[])),
            Pkcs12Error::TooMuchWork
        );
    }
    // Each of these is allowed by itself, and decrypts to a bag whose padding is right.
    let bags = vec![shrouded(40_000); 150];
    for parts in [vec![plain(&bags)], vec![encrypted(&bags)]] {
        assert_eq!(refusal(&file(&parts, &[])), Pkcs12Error::TooMuchWork);
    }
}

/// A key that decrypts, for that many rounds of three digests.
fn shrouded(rounds: i64) -> Vec<u8> {
    let algorithm = pbe(TRIPLE_DES, &[1; 8], rounds);
    key_bag(&algorithm, &encryption(&algorithm).encrypt(&[1, 2, 3]).unwrap())
}

#[test]
fn bags_are_counted_over_the_whole_file() {
    let small = bag(SECRET_BAG, &[5, 0]);
    let many = vec![small.clone(); 10_000];
    assert_eq!(refusal(&file(&[plain(&many)], &[])), Pkcs12Error::TooManyBags);
    assert_eq!(
        refusal(&file(&[encrypted(&many[..250])], &[])),
        Pkcs12Error::TooManyBags
    );
    let parts = vec![plain(&[]); 10_000];
    assert_eq!(refusal(&file(&parts, &[])), Pkcs12Error::TooManyBags);
    assert_eq!(
        refusal(&file(&vec![plain(&[small]); 101], &[])),
        Pkcs12Error::TooManyBags
    );
    let most = file(&vec![plain(&many[..49]); 4], &[]);
    assert_eq!(
        format!("{:?}", Pfx::read(&most, None)),
        "Ok(Pfx { private_keys: 0, certificates: 0 })"
    );
}

#[test]
fn bags_of_bags_end_soon() {
    let nested = |depth| {
        (0..depth).fold(bag(SECRET_BAG, &[5, 0]), |inner, _| {
            bag("1.2.840.113549.1.12.10.1.6", &element(SEQUENCE, &[&inner]))
        })
    };
    assert!(Pfx::read(&file(&[plain(&[nested(2)])], &[]), None).is_ok());
    assert_eq!(
        refusal(&file(&[plain(&[nested(3)])], &[])),
        Pkcs12Error::TooManyBags
    );
    assert_eq!(
        refusal(&file(&[plain(&[nested(2000)])], &[])),
        Pkcs12Error::Malformed
    );
}

#[test]
fn parameters_that_do_not_fit_are_refused() {
    let key = |algorithm: &[u8]| refusal(&file(&[plain(&[key_bag(algorithm, &[0; 16])])], &[]));
    for algorithm in [
        pbe(TRIPLE_DES, &[1; 8], 0),
        pbe(TRIPLE_DES, &[1; 8], -1),
        pbe(TRIPLE_DES, &[1; 8], i64::from(u32::MAX) + 1),
        pbes2(&pbkdf2(0, &[]), &[0; 16]),
        pbes2(&pbkdf2(1, &number(31)), &[0; 16]),
        pbes2(&pbkdf2(1, &number(i64::from(u32::MAX))), &[0; 16]),
        pbes2(&pbkdf2(1, &[]), &[0; 15]),
        pbes2(&pbkdf2(1, &[]), &[0; 17]),
        element(SEQUENCE, &[&oid(TRIPLE_DES)]),
        element(SEQUENCE, &[&oid(TRIPLE_DES), &[5, 0]]),
    ] {
        assert_eq!(
            key(&algorithm),
            Pkcs12Error::Malformed,
            "{}",
            hex::encode(&algorithm)
        );
    }
    let scrypt = element(
        SEQUENCE,
        &[
            &element(OCTETS, &[&[1; 8]]),
            &number(0),
            &number(65535),
            &number(65535),
        ],
    );
    let scrypt = element(SEQUENCE, &[&oid(SCRYPT), &scrypt]);
    let unsupported = Pkcs12Error::Unsupported(ObjectIdentifier::new_unwrap(SCRYPT));
    assert_eq!(key(&pbes2(&scrypt, &[0; 16])), unsupported);
    assert_eq!(
        unsupported.to_string(),
        format!("the PFX uses {SCRYPT}, which is not supported")
    );
}

#[test]
fn salts_of_any_length_are_read() {
    for length in [0, 1, 63, 64, 65, 100_000] {
        let algorithm = pbe(TRIPLE_DES, &vec![7; length], 1);
        let bag = key_bag(&algorithm, &encryption(&algorithm).encrypt(b"key").unwrap());
        let found = Pfx::read(&file(&[plain(&[bag])], &[]), Some("1")).unwrap();
        assert_eq!(found.private_keys[0][..], *b"key");
    }
}

#[test]
fn ciphertexts_that_are_no_blocks_are_refused() {
    for algorithm in [pbe(TRIPLE_DES, &[1; 8], 1), pbes2(&pbkdf2(1, &[]), &[0; 16])] {
        for length in [0, 1, 15, 17] {
            let bag = key_bag(&algorithm, &vec![0; length]);
            assert_eq!(refusal(&file(&[plain(&[bag])], &[])), Pkcs12Error::WrongPassword);
        }
    }
}

#[test]
fn a_file_that_is_too_long_is_not_looked_at() {
    assert_eq!(refusal(&vec![0; LARGEST]), Pkcs12Error::Malformed);
    assert_eq!(refusal(&vec![0; LARGEST + 1]), Pkcs12Error::TooLarge);
}
