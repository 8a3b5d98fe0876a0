//! Just enough DER to take the numbers out of the RSA keys that the library writes.

use zeroize::Zeroizing;

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

/// The numbers of an RSA private key, big-endian without leading zeros. They are wiped when dropped.
pub struct RsaNumbers {
    /// The modulus.
    pub n: Zeroizing<Vec<u8>>,
    /// The public exponent.
    pub e: Zeroizing<Vec<u8>>,
    /// The private exponent.
    pub d: Zeroizing<Vec<u8>>,
    /// The first prime.
    pub p: Zeroizing<Vec<u8>>,
    /// The second prime.
    pub q: Zeroizing<Vec<u8>>,
}

/// The modulus and the public exponent of an `RSAPublicKey` (RFC 8017, A.1.1).
pub fn rsa_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = der;
    let mut key = element(&mut rest, SEQUENCE)?;
    let (n, e) = (integer(&mut key)?, integer(&mut key)?);
    (key.is_empty() && rest.is_empty()).then_some((n, e))
}

/// The numbers of an RSA key in PKCS#8 (RFC 5208, 5; RFC 8017, A.1.2).
pub fn rsa_private_key(mut der: &[u8]) -> Option<RsaNumbers> {
    let mut info = element(&mut der, SEQUENCE)?;
    integer(&mut info)?;
    element(&mut info, SEQUENCE)?;
    let mut octets = element(&mut info, OCTET_STRING)?;
    let mut key = element(&mut octets, SEQUENCE)?;
    // Two primes and no more is version 0.
    integer(&mut key).filter(|version| version.is_empty())?;
    let mut next = || integer(&mut key).map(|number| Zeroizing::new(number.to_vec()));
    Some(RsaNumbers {
        n: next()?,
        e: next()?,
        d: next()?,
        p: next()?,
        q: next()?,
    })
}

/// A number that is not negative, without leading zeros.
fn integer<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let bytes = element(rest, INTEGER)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..)
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
    }
}
