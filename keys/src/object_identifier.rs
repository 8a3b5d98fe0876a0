//! The identifiers of algorithms and curves in DER, without tag and length (X.690, 8.19).

use std::fmt::Write as _;

use crate::key_type::{Curve, MlDsaSet};

/// 1.2.840.113549.1.1.1.
pub const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.10045.2.1.
pub const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// The identifier of a curve: 1.2.840.10045.3.1.7, 1.3.132.0.34, .35 and .10.
pub const fn of_curve(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
        Curve::P256K => &[0x2b, 0x81, 0x04, 0x00, 0x0a],
    }
}

/// The identifier of a parameter set of ML-DSA: 2.16.840.1.101.3.4.3.17, .18 and .19.
pub const fn of_parameter_set(set: MlDsaSet) -> &'static [u8] {
    match set {
        MlDsaSet::MlDsa44 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11],
        MlDsaSet::MlDsa65 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12],
        MlDsaSet::MlDsa87 => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13],
    }
}

/// The longest identifier that is shown, in bytes: what is altered could have the key in one.
const LONGEST_SHOWN: usize = 32;

/// An identifier for people: with the name that it is known by, if it is one that a key may well have.
pub fn shown(identifier: &[u8]) -> String {
    let name = match identifier {
        [0x2b, 0x65, 0x6e] => "X25519",
        [0x2b, 0x65, 0x6f] => "X448",
        [0x2b, 0x65, 0x70] => "Ed25519",
        [0x2b, 0x65, 0x71] => "Ed448",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a] => "RSASSA-PSS",
        _ if identifier.len() > LONGEST_SHOWN => "with an identifier of more than 32 bytes",
        _ => return dotted(identifier),
    };
    name.to_owned()
}

/// An identifier as numbers with dots between; the first of them is 0, 1 or 2. A number of more than 64 bits is none that
/// anybody uses, and loses its upper bits.
fn dotted(identifier: &[u8]) -> String {
    let mut text = String::new();
    let mut number = 0_u64;
    for byte in identifier {
        number = (number << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 != 0 {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = if text.is_empty() {
            let first = (number / 40).min(2);
            write!(text, "{first}.{}", number - first * 40)
        } else {
            write!(text, ".{number}")
        };
        number = 0;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_shown_by_their_names_or_with_dots() {
        for (identifier, text) in [
            (RSA_ENCRYPTION, "1.2.840.113549.1.1.1"),
            (EC_PUBLIC_KEY, "1.2.840.10045.2.1"),
            (of_curve(Curve::P256K), "1.3.132.0.10"),
            (of_parameter_set(MlDsaSet::MlDsa65), "2.16.840.1.101.3.4.3.18"),
            (&[0x2b, 0x65, 0x70], "Ed25519"),
            (&[0x88, 0x37], "2.999"),
            (&[], ""),
            (&[0xff], ""),
            (&[0xff; 32], ""),
            (&[1; 33], "with an identifier of more than 32 bytes"),
        ] {
            assert_eq!(shown(identifier), text);
        }
    }
}
