//! Keys of passwords.

use std::num::NonZeroU32;

use aws_lc_rs::{digest, pbkdf2};
use der::{Choice, DecodeValue, asn1::ObjectIdentifier};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::{Pkcs12Error, password::Password, structure::Pbkdf2Parameters, work::Work};

/// PBKDF2.
pub(super) const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");

/// HMAC with SHA-1.
pub(super) const HMAC_SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.7");
/// HMAC with SHA-256.
pub(super) const HMAC_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.9");
/// HMAC with SHA-384.
pub(super) const HMAC_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.10");
/// HMAC with SHA-512.
pub(super) const HMAC_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.2.11");

/// What a key is for, which sets apart the keys of one password and one salt (RFC 7292, B.3).
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// Encryption.
    Encryption = 1,
    /// The initialisation vector of an encryption.
    InitialVector = 2,
    /// A MAC.
    Mac = 3,
}

/// PKCS#12's own derivation (RFC 7292, B.2): `length` bytes.
pub(super) fn derive(
    hash: &'static digest::Algorithm,
    purpose: Purpose,
    password: Password<'_>,
    salt: &[u8],
    rounds: u32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = hash.block_len();
    let password = password.to_utf16();
    let room = (salt.len() + block).saturating_add(password.len() + block);
    let mut input = Zeroizing::new(Vec::with_capacity(room));
    input.extend(fill_blocks(salt, block));
    input.extend(fill_blocks(&password, block));
    let diversifier = vec![purpose as u8; block];
    let mut key = Zeroizing::new(Vec::with_capacity(length + hash.output_len()));
    loop {
        let mut context = digest::Context::new(hash);
        context.update(&diversifier);
        context.update(&input);
        let mut found = context.finish();
        for _ in 1..rounds {
            found = digest::digest(hash, found.as_ref());
        }
        key.extend(found.as_ref());
        if key.len() >= length {
            key.truncate(length);
            return key;
        }
        add_to_blocks(&mut input, found.as_ref(), block);
    }
}

/// Copies of the bytes one after the other, as many as fill the blocks that they begin.
fn fill_blocks(bytes: &[u8], block: usize) -> impl Iterator<Item = u8> {
    let length = bytes.len().next_multiple_of(block);
    bytes.iter().copied().cycle().take(length)
}

/// Adds a number, and one, to each block; what does not fit is lost. The number is copies of the digest that fill a block.
fn add_to_blocks(input: &mut [u8], digest: &[u8], block: usize) {
    let number: Zeroizing<Vec<u8>> = Zeroizing::new(digest.iter().copied().cycle().take(block).collect());
    for digits in input.chunks_exact_mut(block) {
        let mut carry = 1;
        for (digit, other) in digits.iter_mut().zip(number.iter()).rev() {
            let sum = u16::from(*digit) + u16::from(*other) + carry;
            let [high, low] = sum.to_be_bytes();
            *digit = low;
            carry = u16::from(high);
        }
    }
}

/// The parameters of an algorithm.
pub(super) fn parameters<'a, T>(algorithm: &AlgorithmIdentifierRef<'a>) -> Result<T, Pkcs12Error>
where
    T: Choice<'a> + DecodeValue<'a, Error = der::Error>,
{
    let parameters = algorithm.parameters.ok_or(Pkcs12Error::Malformed)?;
    Ok(parameters.decode_as::<T>()?)
}

/// PBKDF2, if that is the derivation: `length` bytes (RFC 8018, 5.2).
pub(super) fn pbkdf2(
    derivation: &AlgorithmIdentifierRef<'_>,
    password: Password<'_>,
    length: usize,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    if derivation.oid != PBKDF2 {
        // scrypt too, which takes memory, and which no program uses unless told to.
        return Err(Pkcs12Error::Unsupported(derivation.oid));
    }
    let parameters: Pbkdf2Parameters<'_> = parameters(derivation)?;
    let is_length = |stated| usize::try_from(stated) == Ok(length);
    if !parameters.key_length.is_none_or(is_length) {
        return Err(Pkcs12Error::Malformed);
    }
    let (prf, digest) = match parameters.prf.map_or(HMAC_SHA1, |prf| prf.oid) {
        HMAC_SHA1 => (pbkdf2::PBKDF2_HMAC_SHA1, 20),
        HMAC_SHA256 => (pbkdf2::PBKDF2_HMAC_SHA256, 32),
        HMAC_SHA384 => (pbkdf2::PBKDF2_HMAC_SHA384, 48),
        HMAC_SHA512 => (pbkdf2::PBKDF2_HMAC_SHA512, 64),
        other => return Err(Pkcs12Error::Unsupported(other)),
    };
    // An HMAC is two hashes.
    work.take(parameters.iterations, length, digest, 2)?;
    let rounds = NonZeroU32::new(parameters.iterations).ok_or(Pkcs12Error::Malformed)?;
    let mut key = Zeroizing::new(vec![0; length]);
    let salt = parameters.salt.as_bytes();
    pbkdf2::derive(prf, rounds, salt, password.as_bytes(), &mut key);
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(hash: &'static digest::Algorithm, purpose: Purpose, rounds: u32, length: usize) -> String {
        let salt = [1, 2, 3, 4, 5, 6, 7, 8];
        hex::encode(&*derive(
            hash,
            purpose,
            Password::new("ge@äheim"),
            &salt,
            rounds,
            length,
        ))
    }

    /// As `PKCS12_key_gen_utf8` of openssl computes them; from the tests of the crate `pkcs12`.
    #[test]
    fn keys_are_those_of_openssl() {
        let sha256 = &digest::SHA256;
        assert_eq!(
            derived(sha256, Purpose::Encryption, 100, 32),
            "fae4d4957a3cc781e1180b9d4fb79c1e0c8579b746a3177e5b0768a3118bf863"
        );
        assert_eq!(
            derived(sha256, Purpose::InitialVector, 100, 32),
            "e5ff813bc6547de5155b14d2fada85b3201a977349db6e26ccc998d9e8f83d6c"
        );
        assert_eq!(
            derived(sha256, Purpose::Mac, 100, 20),
            "136355ed9434516682534f46d63956db5ff06b84"
        );
    }
}
