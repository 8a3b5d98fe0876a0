//! RSA keys of their numbers: those that come in from elsewhere, and those with another public exponent than the
//! library chooses.

use ::rsa::{
    BoxedUint,
    errors::Error,
    traits::{PrivateKeyParts, PublicKeyParts},
};
use aws_lc_rs::{
    rsa::{KeyPairComponents, PublicKeyComponents},
    signature::RsaKeyPair,
};
use crypto_primes::{Flavor, is_prime};
use zeroize::Zeroizing;

use crate::{
    error::{BadKey, KeyError},
    jwk::PrivateJwk,
    key_type::RsaSize,
    member::Member,
    public::RsaPublicKey,
    software::{INCONSISTENT, random::Random},
};

/// Makes a key with that public exponent. It takes several times as long as with the usual one.
pub fn generate(size: RsaSize, exponent: u64) -> Result<RsaKeyPair, KeyError> {
    let made = ::rsa::PrivateKey::new_with_exp(&mut Random, size.bits(), BoxedUint::from(exponent));
    pair_of(&made.map_err(|_| KeyError::Failed)?)
}

/// Checks every member of an RSA key and makes the key. `n`, `e`, `d`, `p` and `q` must be there; `dp`, `dq` and `qi`
/// are computed, and those that are there must be what was computed.
pub fn import(jwk: &PrivateJwk) -> Result<RsaKeyPair, KeyError> {
    let public = RsaPublicKey::new(jwk.needed_number(Member::N)?, jwk.needed_number(Member::E)?)?;
    if !public.has_safe_exponent() {
        return Err(BadKey::PublicExponent.into());
    }
    let d = private_exponent(jwk, public.size())?;
    let (p, q) = (
        prime(jwk, Member::P, public.size())?,
        prime(jwk, Member::Q, public.size())?,
    );
    if !is_prime(Flavor::Any, &p) || !is_prime(Flavor::Any, &q) {
        return Err(BadKey::Primes.into());
    }
    let (modulus, exponent) = (number(public.modulus()), number(public.exponent()));
    let key =
        ::rsa::PrivateKey::from_components(modulus, exponent, d, vec![p, q]).map_err(
            |error| match error {
                Error::InvalidPrime => BadKey::Primes,
                _ => BadKey::Inconsistent,
            },
        )?;
    let crt = Crt::of(&key).ok_or(INCONSISTENT)?;
    for (member, computed) in [
        (Member::Dp, &crt.dp),
        (Member::Dq, &crt.dq),
        (Member::Qi, &crt.qi),
    ] {
        let differs = jwk
            .number(member)
            .is_some_and(|given| given != without_zeros(computed));
        if differs {
            return Err(INCONSISTENT);
        }
    }
    pair_of(&key)
}

/// The private exponent. One of half the bits of the modulus or fewer can be computed from the public key (Wiener;
/// FIPS 186-5, A.1.1).
fn private_exponent(jwk: &PrivateJwk, size: RsaSize) -> Result<BoxedUint, BadKey> {
    let d = jwk.needed_number(Member::D)?;
    if d.len() > size.bytes() {
        return Err(BadKey::TooLong(Member::D));
    }
    if d.len() <= size.bytes() / 2 {
        return Err(BadKey::SmallPrivateExponent);
    }
    Ok(number(d))
}

/// A prime, which has half the bits of the modulus.
fn prime(jwk: &PrivateJwk, member: Member, size: RsaSize) -> Result<BoxedUint, BadKey> {
    let prime = jwk.needed_number(member)?;
    if prime.len() != size.bytes() / 2 {
        return Err(BadKey::Primes);
    }
    Ok(number(prime))
}

/// The members that make decryption fast (RFC 8017, 3.2). They are wiped when dropped.
struct Crt {
    dp: Zeroizing<Vec<u8>>,
    dq: Zeroizing<Vec<u8>>,
    qi: Zeroizing<Vec<u8>>,
}

impl Crt {
    fn of(key: &::rsa::PrivateKey) -> Option<Self> {
        Some(Self {
            dp: bytes(key.dp()?),
            dq: bytes(key.dq()?),
            qi: bytes(&key.qinv()?.retrieve()),
        })
    }
}

/// The library's key of the other's. It checks again that all numbers belong together.
fn pair_of(key: &::rsa::PrivateKey) -> Result<RsaKeyPair, KeyError> {
    let crt = Crt::of(key).ok_or(KeyError::Failed)?;
    let [p, q] = key.primes() else {
        return Err(KeyError::Failed);
    };
    let (modulus, exponent) = (key.n_bytes(), key.e_bytes());
    let (d, p, q) = (bytes(key.d()), bytes(p), bytes(q));
    let public_key = PublicKeyComponents {
        n: &*modulus,
        e: &*exponent,
    };
    let components = KeyPairComponents {
        public_key,
        d: d.as_slice(),
        p: p.as_slice(),
        q: q.as_slice(),
        dP: crt.dp.as_slice(),
        dQ: crt.dq.as_slice(),
        qInv: crt.qi.as_slice(),
    };
    RsaKeyPair::from_components(&components).map_err(|_| INCONSISTENT)
}

fn number(bytes: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(bytes)
}

fn bytes(number: &BoxedUint) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(number.to_be_bytes().into_vec())
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}
