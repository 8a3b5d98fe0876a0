//! The key of a certificate, compared with one of a vault by its numbers: there are several ways to write one key.

use der::{
    Decode, Sequence,
    asn1::{Any, ObjectIdentifier, Uint},
};
use spki::SubjectPublicKeyInfoOwned;
use strongroom_keys::{Curve, KeyType, PublicKey, PublicMembers, RsaSize};

/// 1.2.840.113549.1.1.1: an RSA key for everything.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// 1.2.840.113549.1.1.10: an RSA key for signatures with PSS alone.
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
/// 1.2.840.10045.2.1: a point on a curve.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// `RSAPublicKey` (RFC 8017, A.1.1).
#[derive(Sequence)]
struct RsaPublicKey {
    modulus: Uint,
    exponent: Uint,
}

/// The type of a key that a vault can have.
pub fn key_type(info: &SubjectPublicKeyInfoOwned) -> Option<KeyType> {
    if let Some(key) = rsa(info) {
        let modulus = key.modulus.as_bytes();
        let zeros = modulus.first()?.leading_zeros();
        let bits = (modulus.len() * 8).checked_sub(usize::try_from(zeros).ok()?)?;
        return RsaSize::from_bits(bits).map(KeyType::Rsa);
    }
    curve(info).map(KeyType::Ec)
}

/// Whether both are one key.
pub fn is_same(info: &SubjectPublicKeyInfoOwned, key: &PublicKey) -> bool {
    match key.members() {
        PublicMembers::Rsa { n, e } => {
            rsa(info).is_some_and(|key| key.modulus.as_bytes() == n && key.exponent.as_bytes() == e)
        }
        PublicMembers::Ec { crv, x, y } => {
            curve(info) == Some(crv) && is_point(info.subject_public_key.raw_bytes(), x, y)
        }
        PublicMembers::Oct(_) | PublicMembers::Akp { .. } => {
            let other = key.to_spki();
            other.is_some_and(|other| SubjectPublicKeyInfoOwned::from_der(&other).as_ref() == Ok(info))
        }
    }
}

fn rsa(info: &SubjectPublicKeyInfoOwned) -> Option<RsaPublicKey> {
    let is_rsa = [RSA_ENCRYPTION, RSA_PSS].contains(&info.algorithm.oid);
    let key = info.subject_public_key.raw_bytes();
    is_rsa.then(|| RsaPublicKey::from_der(key).ok())?
}

/// The curve that the parameters name.
fn curve(info: &SubjectPublicKeyInfoOwned) -> Option<Curve> {
    if info.algorithm.oid != EC_PUBLIC_KEY {
        return None;
    }
    let parameters: &Any = info.algorithm.parameters.as_ref()?;
    let name: ObjectIdentifier = parameters.decode_as().ok()?;
    Curve::ALL.into_iter().find(|curve| identifier(*curve) == name)
}

const fn identifier(curve: Curve) -> ObjectIdentifier {
    match curve {
        Curve::P256 => ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
        Curve::P384 => ObjectIdentifier::new_unwrap("1.3.132.0.34"),
        Curve::P521 => ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        Curve::P256K => ObjectIdentifier::new_unwrap("1.3.132.0.10"),
    }
}

/// Whether it is the point, written whole, or compressed to the first coordinate and one bit of the second (SEC 1,
/// 2.3.3).
fn is_point(point: &[u8], x: &[u8], y: &[u8]) -> bool {
    match point.split_first() {
        Some((4, coordinates)) => coordinates.strip_prefix(x).is_some_and(|rest| rest == y),
        Some((sign @ (2 | 3), coordinate)) => {
            let is_odd = y.last().is_some_and(|last| last % 2 == 1);
            coordinate == x && is_odd == (*sign == 3)
        }
        _ => false,
    }
}
