//! Public keys as `SubjectPublicKeyInfo` (RFC 5280, 4.1.2.7), in DER: what a PEM file of the label PUBLIC KEY holds.
//!
//! | key | algorithm | parameters | source |
//! |---|---|---|---|
//! | RSA | rsaEncryption | NULL | RFC 3279, 2.3.1 |
//! | EC | id-ecPublicKey | the curve | RFC 5480, 2.1.1; secp256k1 of SEC 2, A.2.1 |
//! | ML-DSA | its parameter set | none | RFC 9881, 2 |

use super::{EcPublicKey, MlDsaPublicKey, PublicKey, RsaPublicKey};
use crate::object_identifier as oid;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

impl PublicKey {
    /// The key as `SubjectPublicKeyInfo`, in DER; none of a symmetric key, of which nothing can be shown.
    pub fn to_spki(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(key) => Some(rsa(key)),
            Self::Ec(key) => Some(ec(key)),
            Self::Akp(key) => Some(ml_dsa(key)),
            Self::Oct(_) => None,
        }
    }
}

fn rsa(key: &RsaPublicKey) -> Vec<u8> {
    let numbers = [integer(key.modulus()), integer(key.exponent())];
    let algorithm = [
        element(OBJECT_IDENTIFIER, oid::RSA_ENCRYPTION),
        element(NULL, &[]),
    ];
    info(&algorithm.concat(), &element(SEQUENCE, &numbers.concat()))
}

fn ec(key: &EcPublicKey) -> Vec<u8> {
    let algorithm = [
        element(OBJECT_IDENTIFIER, oid::EC_PUBLIC_KEY),
        element(OBJECT_IDENTIFIER, oid::of_curve(key.curve())),
    ];
    info(&algorithm.concat(), key.point())
}

fn ml_dsa(key: &MlDsaPublicKey) -> Vec<u8> {
    let set = element(OBJECT_IDENTIFIER, oid::of_parameter_set(key.set()));
    info(&set, key.as_bytes())
}

/// `SubjectPublicKeyInfo` of an algorithm's elements and a key of whole bytes.
fn info(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    const NO_UNUSED_BITS: &[u8] = &[0];
    let key = element(BIT_STRING, &[NO_UNUSED_BITS, key].concat());
    element(SEQUENCE, &[element(SEQUENCE, algorithm), key].concat())
}

/// A number above zero, which has no leading zeros here.
fn integer(number: &[u8]) -> Vec<u8> {
    let is_high = number.first().is_some_and(|first| *first >= 0x80);
    // Without it, the number would be a negative one.
    let sign: &[u8] = if is_high { &[0] } else { &[] };
    element(INTEGER, &[sign, number].concat())
}

/// An element of DER (X.690, 8.1 and 10.1).
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let first = length.iter().position(|byte| *byte != 0);
    let length = first.and_then(|first| length.get(first..)).unwrap_or(&[0]);
    let mut element = vec![tag];
    match length {
        [short] if *short < 0x80 => element.push(*short),
        long => {
            element.push(u8::try_from(long.len()).map_or(u8::MAX, |count| 0x80 | count));
            element.extend_from_slice(long);
        }
    }
    element.extend_from_slice(content);
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_has_the_shortest_length() {
        let head = |length: usize| {
            let element = element(BIT_STRING, &vec![7; length]);
            element[..element.len() - length].to_vec()
        };
        assert_eq!(head(0), [3, 0]);
        assert_eq!(head(127), [3, 127]);
        assert_eq!(head(128), [3, 0x81, 128]);
        assert_eq!(head(255), [3, 0x81, 255]);
        assert_eq!(head(256), [3, 0x82, 1, 0]);
    }

    #[test]
    fn a_number_that_would_be_negative_has_a_leading_zero() {
        assert_eq!(integer(&[0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[1, 0, 1]), [2, 3, 1, 0, 1]);
    }
}
