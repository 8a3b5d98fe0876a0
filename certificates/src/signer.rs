//! Signatures on DER: of certificates, requests and revocation lists.
//!
//! | key | signature | source |
//! |---|---|---|
//! | RSA | sha256WithRSAEncryption | RFC 4055, 5 |
//! | P-256, P-256K | ecdsa-with-SHA256 | RFC 5758, 3.2 |
//! | P-384 | ecdsa-with-SHA384 | the same |
//! | P-521 | ecdsa-with-SHA512 | the same |

use aws_lc_rs::digest;
use der::{
    Decode, Encode, Sequence,
    asn1::{Any, BitString, Null, ObjectIdentifier, Uint},
};
use sha1::{Digest as _, Sha1};
use spki::AlgorithmIdentifierOwned;
use strongroom_keys::{Algorithm, Curve, Hash, Key, KeyError, KeyType, PublicKey};

const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_WITH_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key is neither of RSA nor on a curve.
    #[error("a key of the type {} cannot have a certificate", .0.kind())]
    KeyType(KeyType),
    /// The key did not sign.
    #[error("the key did not sign")]
    Key(KeyError),
    /// The parts make no DER.
    #[error("the signed data could not be encoded")]
    Encoding(#[from] der::Error),
}

/// What is signed, how, and the signature: the outer shape of certificates, requests and revocation lists (RFC 5280,
/// 4.1; RFC 2986, 4.2).
#[derive(Sequence)]
struct Signed {
    content: Any,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// A key that signs DER. The private part stays in the key.
#[derive(Debug)]
pub struct Signer<'a> {
    key: &'a Key,
    algorithm: Algorithm,
    identifier: AlgorithmIdentifierOwned,
}

impl<'a> Signer<'a> {
    /// The signer of a key of RSA or on a curve.
    pub fn new(key: &'a Key) -> Result<Self, SignError> {
        let (algorithm, identifier) = algorithm_of(key.key_type())?;
        Ok(Self {
            key,
            algorithm,
            identifier,
        })
    }

    /// The algorithm of its signatures.
    pub const fn identifier(&self) -> &AlgorithmIdentifierOwned {
        &self.identifier
    }

    /// The signature of a message, as DER has it.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let digest = digest::digest(digest_of(self.algorithm), message);
        let signature = self
            .key
            .sign(self.algorithm, digest.as_ref())
            .map_err(SignError::Key)?;
        match self.algorithm {
            Algorithm::Ecdsa(curve) => Ok(ecdsa_der(&signature, curve)?),
            _ => Ok(signature),
        }
    }

    /// The DER of `content` with its signature.
    pub(crate) fn signed(&self, content: &impl Encode) -> Result<Vec<u8>, SignError> {
        let content = content.to_der()?;
        let signed = Signed {
            signature: BitString::from_bytes(&self.sign(&content)?)?,
            algorithm: self.identifier.clone(),
            content: Any::from_der(&content)?,
        };
        Ok(signed.to_der()?)
    }
}

/// How a key of this type signs, and what that is called.
fn algorithm_of(key_type: KeyType) -> Result<(Algorithm, AlgorithmIdentifierOwned), SignError> {
    let (algorithm, oid, parameters) = match key_type {
        KeyType::Rsa(_) => (
            Algorithm::RsaPkcs1(Hash::Sha256),
            SHA256_WITH_RSA,
            Some(Any::from(Null)),
        ),
        KeyType::Ec(curve) => (Algorithm::Ecdsa(curve), ecdsa_identifier(curve), None),
        KeyType::Oct(_) | KeyType::Akp(_) => return Err(SignError::KeyType(key_type)),
    };
    Ok((algorithm, AlgorithmIdentifierOwned { oid, parameters }))
}

/// Whether `signed` is DER that the key signed as [`Signer`] does.
pub(crate) fn has_signed(key: &PublicKey, signed: &[u8]) -> bool {
    verify(key, signed).unwrap_or(false)
}

fn verify(key: &PublicKey, signed: &[u8]) -> Option<bool> {
    let Signed {
        content,
        algorithm,
        signature,
    } = Signed::from_der(signed).ok()?;
    let (how, identifier) = algorithm_of(key.key_type()).ok()?;
    if algorithm != identifier {
        return Some(false);
    }
    let digest = digest::digest(digest_of(how), &content.to_der().ok()?);
    let signature = signature.as_bytes()?;
    let verified = match how {
        Algorithm::Ecdsa(curve) => key.verify(how, digest.as_ref(), &ecdsa_fixed(signature, curve)?),
        _ => key.verify(how, digest.as_ref(), signature),
    };
    verified.ok()
}

/// A public key as `SubjectPublicKeyInfo`.
pub(crate) fn public_key_info(key: &PublicKey) -> Result<Any, SignError> {
    let key_type = key.key_type();
    match key_type {
        KeyType::Rsa(_) | KeyType::Ec(_) => {}
        KeyType::Oct(_) | KeyType::Akp(_) => return Err(SignError::KeyType(key_type)),
    }
    let info = key.to_spki().ok_or(SignError::KeyType(key_type))?;
    Ok(Any::from_der(&info)?)
}

const fn ecdsa_identifier(curve: Curve) -> ObjectIdentifier {
    match curve {
        Curve::P256 | Curve::P256K => ECDSA_WITH_SHA256,
        Curve::P384 => ECDSA_WITH_SHA384,
        Curve::P521 => ECDSA_WITH_SHA512,
    }
}

fn digest_of(algorithm: Algorithm) -> &'static digest::Algorithm {
    match algorithm {
        Algorithm::Ecdsa(Curve::P384) => &digest::SHA384,
        Algorithm::Ecdsa(Curve::P521) => &digest::SHA512,
        _ => &digest::SHA256,
    }
}

/// `ECDSA-Sig-Value` (RFC 3279, 2.2.3) of two numbers in fixed width.
fn ecdsa_der(signature: &[u8], curve: Curve) -> der::Result<Vec<u8>> {
    let (r, s) = signature
        .split_at_checked(curve.width())
        .ok_or(der::ErrorKind::Failed)?;
    [Uint::new(r)?, Uint::new(s)?].as_slice().to_vec().to_der()
}

/// The reverse of [`ecdsa_der`]; none of what is no signature on the curve.
fn ecdsa_fixed(der: &[u8], curve: Curve) -> Option<Vec<u8>> {
    let numbers = Vec::<Uint>::from_der(der).ok()?;
    let [r, s] = numbers.as_slice() else {
        return None;
    };
    let mut fixed = Vec::with_capacity(2 * curve.width());
    for number in [r, s] {
        let zeros = curve.width().checked_sub(number.as_bytes().len())?;
        fixed.resize(fixed.len() + zeros, 0);
        fixed.extend_from_slice(number.as_bytes());
    }
    Some(fixed)
}

/// SHA-1, which names keys and certificates, and protects nothing.
pub(crate) fn sha1(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_on_a_curve_has_the_shortest_numbers_in_der() {
        let mut signature = [0; 64];
        signature[31] = 0x7f;
        signature[63] = 0x80;
        let der = ecdsa_der(&signature, Curve::P256).unwrap();
        assert_eq!(hex::encode(der), "300702017f02020080");
        assert_eq!(
            ecdsa_der(&[0xff; 132], Curve::P521).unwrap().len(),
            3 + 2 * (2 + 67)
        );
        assert!(ecdsa_der(&[0; 31], Curve::P256).is_err());
        assert_eq!(
            ecdsa_fixed(&hex::decode("300702017f02020080").unwrap(), Curve::P256),
            Some(signature.to_vec())
        );
    }

    #[test]
    fn numbers_that_are_too_long_for_the_curve_or_not_two_are_no_signature() {
        let long = ecdsa_der(&[0x7f; 132], Curve::P521).unwrap();
        assert_eq!(ecdsa_fixed(&long, Curve::P256), None);
        for der in [
            "",
            "3000",
            "3003020101",
            "3009020101020101020101",
            "300602017f0201ff",
        ] {
            assert_eq!(
                ecdsa_fixed(&hex::decode(der).unwrap(), Curve::P256),
                None,
                "{der}"
            );
        }
    }
}
