//! The MAC of a PFX (RFC 7292, 4 and B; RFC 9579).

use std::ops::RangeInclusive;

use aws_lc_rs::{digest, hmac};
use der::asn1::ObjectIdentifier;
use spki::AlgorithmIdentifierRef;

use super::{
    Pkcs12Error,
    derivation::{HMAC_SHA1, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512, Purpose, derive, parameters, pbkdf2},
    password::Password,
    structure::{MacData, Pbkdf2Parameters, Pbmac1Parameters},
    work::Work,
};

/// SHA-1.
pub(super) const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4");
/// SHA-256.
pub(super) const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// A MAC whose key PBKDF2 derives.
const PBMAC1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.14");
/// How long its key may be, in bytes: RFC 9579 wants 20 at least, and a hash has 64 at most.
const LENGTHS_OF_KEYS: RangeInclusive<usize> = 20..=64;

/// Whether the MAC over the contents is that of this password. The comparison takes a time that does not depend on where it
/// fails.
pub(super) fn is_of(
    mac: &MacData<'_>,
    contents: &[u8],
    password: Password<'_>,
    work: &mut Work,
) -> Result<bool, Pkcs12Error> {
    let algorithm = &mac.mac.algorithm;
    let key = if algorithm.oid == PBMAC1 {
        pbmac1_key(algorithm, password, work)?
    } else {
        let rounds = mac.iterations.unwrap_or(1);
        key(algorithm.oid, password, mac.salt.as_bytes(), rounds, work)?
    };
    Ok(hmac::verify(&key, contents, mac.mac.digest.as_bytes()).is_ok())
}

/// The key of PBMAC1, for which salt and rounds are those of PBKDF2 (RFC 9579).
fn pbmac1_key(
    algorithm: &AlgorithmIdentifierRef<'_>,
    password: Password<'_>,
    work: &mut Work,
) -> Result<hmac::Key, Pkcs12Error> {
    let Pbmac1Parameters { derivation, mac } = parameters(algorithm)?;
    let mac = match mac.oid {
        HMAC_SHA1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        HMAC_SHA256 => hmac::HMAC_SHA256,
        HMAC_SHA384 => hmac::HMAC_SHA384,
        HMAC_SHA512 => hmac::HMAC_SHA512,
        other => return Err(Pkcs12Error::Unsupported(other)),
    };
    // It must say how long the key is, which no other of its parameters does.
    let length = parameters::<Pbkdf2Parameters<'_>>(&derivation)?.key_length;
    let length = length
        .and_then(|length| usize::try_from(length).ok())
        .filter(|length| LENGTHS_OF_KEYS.contains(length))
        .ok_or(Pkcs12Error::Malformed)?;
    let key = pbkdf2(&derivation, password, length, work)?;
    Ok(hmac::Key::new(mac, &key))
}

/// The MAC over the contents.
pub(super) fn of(
    hash: ObjectIdentifier,
    contents: &[u8],
    password: Password<'_>,
    salt: &[u8],
    rounds: u32,
) -> Result<hmac::Tag, Pkcs12Error> {
    let key = key(hash, password, salt, rounds, &mut Work::new())?;
    Ok(hmac::sign(&key, contents))
}

fn key(
    hash: ObjectIdentifier,
    password: Password<'_>,
    salt: &[u8],
    rounds: u32,
    work: &mut Work,
) -> Result<hmac::Key, Pkcs12Error> {
    let (hash, mac) = match hash {
        SHA1 => (
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        ),
        SHA224 => (&digest::SHA224, hmac::HMAC_SHA224),
        SHA256 => (&digest::SHA256, hmac::HMAC_SHA256),
        SHA384 => (&digest::SHA384, hmac::HMAC_SHA384),
        SHA512 => (&digest::SHA512, hmac::HMAC_SHA512),
        other => return Err(Pkcs12Error::Unsupported(other)),
    };
    let length = hash.output_len();
    work.take(rounds, length, length, 1)?;
    let key = derive(hash, Purpose::Mac, password, salt, rounds, length);
    Ok(hmac::Key::new(mac, &key))
}
