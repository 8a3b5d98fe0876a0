//! Just enough DER to read private keys: those that the library writes, and those in files that others wrote.

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// The first field of its kind in a choice or of those that may be missing: `[0]`, with an element in it.
const FIELD_0: u8 = 0xa0;
/// The same, in the place of an element's own tag.
const INSTEAD_0: u8 = 0x80;

/// What PKCS#8 says of a private key (`PrivateKeyInfo`, RFC 5958, 2).
pub struct PrivateKeyInfo<'a> {
    /// The identifier of the algorithm, without tag and length.
    pub algorithm: &'a [u8],
    /// The parameters of the algorithm, a whole element, or nothing.
    pub parameters: &'a [u8],
    /// The key, in a form of the algorithm's own.
    pub key: &'a [u8],
}

/// The numbers of an RSA private key, big-endian without leading zeros.
pub struct RsaNumbers<'a> {
    /// The modulus.
    pub n: &'a [u8],
    /// The public exponent.
    pub e: &'a [u8],
    /// The private exponent.
    pub d: &'a [u8],
    /// The first prime.
    pub p: &'a [u8],
    /// The second prime.
    pub q: &'a [u8],
    /// d mod (p - 1).
    pub dp: &'a [u8],
    /// d mod (q - 1).
    pub dq: &'a [u8],
    /// The inverse of q mod p.
    pub qi: &'a [u8],
}

/// What an ML-DSA private key holds (RFC 9881, 6).
pub enum MlDsaPrivateKey<'a> {
    /// The seed, alone or with what is computed of it.
    Seed(&'a [u8]),
    /// What is computed of the seed, alone.
    Expanded,
}

/// The modulus and the public exponent of an `RSAPublicKey` (RFC 8017, A.1.1).
pub fn rsa_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut key = whole(der, SEQUENCE)?;
    let (n, e) = (integer(&mut key)?, integer(&mut key)?);
    key.is_empty().then_some((n, e))
}

/// Reads PKCS#8. Attributes and the public key that may follow the private one are passed over.
pub fn private_key_info(der: &[u8]) -> Option<PrivateKeyInfo<'_>> {
    let mut info = whole(der, SEQUENCE)?;
    integer(&mut info)?;
    let mut parameters = element(&mut info, SEQUENCE)?;
    Some(PrivateKeyInfo {
        algorithm: element(&mut parameters, OBJECT_IDENTIFIER)?,
        parameters,
        key: element(&mut info, OCTET_STRING)?,
    })
}

/// The numbers of an `RSAPrivateKey` (RFC 8017, A.1.2).
pub fn rsa_private_key(der: &[u8]) -> Option<RsaNumbers<'_>> {
    let mut key = whole(der, SEQUENCE)?;
    // Two primes and no more is version 0.
    integer(&mut key).filter(|version| version.is_empty())?;
    let mut next = || integer(&mut key);
    let numbers = RsaNumbers {
        n: next()?,
        e: next()?,
        d: next()?,
        p: next()?,
        q: next()?,
        dp: next()?,
        dq: next()?,
        qi: next()?,
    };
    key.is_empty().then_some(numbers)
}

/// The parameters of an `ECPrivateKey` (RFC 5915, 3), a whole element; nothing where it has none.
pub fn ec_parameters(der: &[u8]) -> Option<&[u8]> {
    let mut key = whole(der, SEQUENCE)?;
    integer(&mut key)?;
    element(&mut key, OCTET_STRING)?;
    Some(element(&mut key, FIELD_0).unwrap_or_default())
}

/// An `ML-DSA-PrivateKey`, which is one of three forms.
pub fn ml_dsa_private_key(der: &[u8]) -> Option<MlDsaPrivateKey<'_>> {
    if let Some(seed) = whole(der, INSTEAD_0) {
        return Some(MlDsaPrivateKey::Seed(seed));
    }
    if whole(der, OCTET_STRING).is_some() {
        return Some(MlDsaPrivateKey::Expanded);
    }
    let mut both = whole(der, SEQUENCE)?;
    element(&mut both, OCTET_STRING).map(MlDsaPrivateKey::Seed)
}

/// An identifier, if `der` is one alone.
pub fn object_identifier(der: &[u8]) -> Option<&[u8]> {
    whole(der, OBJECT_IDENTIFIER)
}

/// The bytes of a number without leading zeros, read as if it had no sign.
fn integer<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let bytes = element(rest, INTEGER)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..)
}

/// The content of the one element that `der` is.
fn whole(der: &[u8], tag: u8) -> Option<&[u8]> {
    let mut rest = der;
    element(&mut rest, tag).filter(|_| rest.is_empty())
}

/// The content of the next element, which must have that tag.
fn element<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (found, after) = rest.split_first()?;
    let (first, after) = after.split_first().filter(|_| *found == tag)?;
    let (length, after) = match first {
        0x81 => {
            let (length, after) = after.split_first_chunk::<1>()?;
            (usize::from(u8::from_be_bytes(*length)), after)
        }
        0x82 => {
            let (length, after) = after.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), after)
        }
        short => (Some(usize::from(*short)).filter(|length| *length < 0x80)?, after),
    };
    let (content, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_is_its_two_numbers() {
        let der = [0x30, 0x07, 0x02, 0x02, 0x00, 0x8f, 0x02, 0x01, 0x03];
        assert_eq!(rsa_public_key(&der), Some((&[0x8f][..], &[3][..])));
    }

    #[test]
    fn other_bytes_are_no_key() {
        let der = [0x30, 0x07, 0x02, 0x02, 0x00, 0x8f, 0x02, 0x01, 0x03];
        for length in 0..der.len() {
            assert_eq!(rsa_public_key(&der[..length]), None);
        }
        assert_eq!(rsa_public_key(&[0x30, 0x80, 0, 0]), None, "no length without end");
        assert_eq!(rsa_public_key(&[0x30, 0x83, 0, 0, 1, 0]), None);
        assert_eq!(rsa_public_key(&[&der[..], &[0]].concat()), None);
        assert!(rsa_private_key(&der).is_none());
        assert!(rsa_private_key(&[]).is_none());
        assert!(private_key_info(&der).is_none());
        assert!(ec_parameters(&der).is_none());
        assert!(ml_dsa_private_key(&der).is_none());
    }

    #[test]
    fn more_than_two_primes_are_refused() {
        let numbers = [0x02, 0x01, 0x05].repeat(8);
        let key = |version: u8, more: &[u8]| {
            let content = [&[0x02, 0x01, version][..], &numbers, more].concat();
            [&[0x30, u8::try_from(content.len()).unwrap()][..], &content].concat()
        };
        assert!(rsa_private_key(&key(0, &[])).is_some_and(|numbers| numbers.qi == [5]));
        assert!(rsa_private_key(&key(1, &[])).is_none());
        assert!(rsa_private_key(&key(0, &[0x30, 0])).is_none());
    }

    #[test]
    fn an_ml_dsa_key_is_read_in_each_of_its_three_forms() {
        let seed = [7; 32];
        let octets = [&[0x04, 32][..], &seed].concat();
        let alone = [&[0x80, 32][..], &seed].concat();
        let both = [&[0x30, 36][..], &octets, &[0x04, 0]].concat();
        for der in [alone, both] {
            let read = ml_dsa_private_key(&der);
            assert!(matches!(read, Some(MlDsaPrivateKey::Seed(found)) if found == seed));
        }
        assert!(matches!(
            ml_dsa_private_key(&octets),
            Some(MlDsaPrivateKey::Expanded)
        ));
    }
}
