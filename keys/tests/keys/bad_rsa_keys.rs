//! RSA keys that are none: each is refused for its own reason, and nothing is made.

use proptest::prelude::*;
use strongroom_keys::{BadKey, KeyError, KeyKind, KeyProvider, Member, RsaSize, Software};

use crate::{
    composite,
    material::{jwk, trimmed},
    support::{flipped, refusal, rsa_jwk, with},
};

/// The refusal of the RSA key with one member changed.
fn changed(member: Member, bytes: &[u8]) -> BadKey {
    refusal(&with(rsa_jwk(RsaSize::Bits2048), member, Some(bytes)))
}

fn of(member: Member) -> &'static [u8] {
    trimmed(rsa_jwk(RsaSize::Bits2048).get(member).unwrap())
}

#[test]
fn public_exponents_that_are_even_or_1_or_3_or_endless_are_refused() {
    for exponent in [
        &[1][..],
        &[0],
        &[2],
        &[3],
        &[1, 0, 0],
        &[1, 0, 0, 0, 1, 0],
        &[2, 0, 0, 0, 1],
        &[1; 9],
    ] {
        assert_eq!(
            changed(Member::E, exponent),
            BadKey::PublicExponent,
            "{exponent:?}"
        );
    }
    // 5 is an exponent, though not this key's.
    assert_eq!(changed(Member::E, &[5]), BadKey::Inconsistent);
}

#[test]
fn moduli_of_another_size_are_refused_to_the_bit() {
    let n = of(Member::N);
    assert_eq!(changed(Member::N, &[0]), BadKey::Size(0));
    assert_eq!(changed(Member::N, &n[..64]), BadKey::Size(512));
    assert_eq!(changed(Member::N, &n[..128]), BadKey::Size(1024));
    assert_eq!(
        changed(Member::N, &[&[0x7f], &n[1..]].concat()),
        BadKey::Size(2047)
    );
    assert_eq!(changed(Member::N, &[&[1], n].concat()), BadKey::Size(2049));
    assert_eq!(changed(Member::N, &[n, n, n, n].concat()), BadKey::Size(8192));
    assert_eq!(
        changed(Member::N, &[&[1; 5000][..], n].concat()),
        BadKey::TooLong(Member::N)
    );
}

#[test]
fn numbers_that_do_not_belong_together_are_refused() {
    // Even, and odd but not the product.
    assert_eq!(changed(Member::N, &flipped(of(Member::N))), BadKey::Inconsistent);
    let mut other = of(Member::N).to_vec();
    other[100] ^= 1;
    assert_eq!(changed(Member::N, &other), BadKey::Inconsistent);
    for member in [Member::D, Member::Dp, Member::Dq, Member::Qi] {
        assert_eq!(
            changed(member, &flipped(of(member))),
            BadKey::Inconsistent,
            "{member}"
        );
    }
    for member in [Member::Dp, Member::Dq, Member::Qi] {
        assert_eq!(changed(member, &[0]), BadKey::Inconsistent, "{member}");
    }
    // A key of another size whole, but for its modulus.
    let other = rsa_jwk(RsaSize::Bits3072);
    let mixed = with(other, Member::N, Some(of(Member::N)));
    assert_eq!(refusal(&mixed), BadKey::TooLong(Member::D));
}

#[test]
fn primes_that_are_none_are_refused() {
    for member in [Member::P, Member::Q] {
        assert_eq!(changed(member, &flipped(of(member))), BadKey::Primes, "{member}");
        for short in [&[0][..], &[1], &[3], &of(member)[1..]] {
            assert_eq!(changed(member, short), BadKey::Primes, "{member}");
        }
    }
    assert_eq!(
        changed(Member::P, of(Member::Q)),
        BadKey::Inconsistent,
        "a square is not the modulus"
    );
    assert_eq!(changed(Member::P, of(Member::N)), BadKey::Primes);
}

#[test]
fn a_product_in_the_place_of_a_prime_is_refused_although_all_numbers_agree() {
    let bytes = |text: &str| hex::decode(text).unwrap();
    let (n, d) = (bytes(composite::N), bytes(composite::D));
    let (p, q) = (bytes(composite::P), bytes(composite::Q));
    let whole = [
        (Member::N, n.as_slice()),
        (Member::E, &[1, 0, 1]),
        (Member::D, &d),
        (Member::P, &p),
        (Member::Q, &q),
    ];
    assert_eq!(refusal(&jwk(KeyKind::Rsa, &whole)), BadKey::Primes);
}

#[test]
fn small_private_exponents_are_refused() {
    for d in [&[0][..], &[1], &[3], &of(Member::D)[..128]] {
        assert_eq!(changed(Member::D, d), BadKey::SmallPrivateExponent);
    }
    assert_eq!(
        changed(Member::D, &[&[1], of(Member::D)].concat()),
        BadKey::TooLong(Member::D)
    );
}

proptest! {
    #[test]
    fn an_rsa_key_with_any_byte_changed_is_refused(
        member in proptest::sample::select(vec![Member::N, Member::D, Member::P, Member::Q, Member::Dp, Member::Qi]),
        position: proptest::sample::Index,
        change in 1_u8..,
    ) {
        let mut bytes = of(member).to_vec();
        let position = position.index(bytes.len());
        bytes[position] ^= change;
        let refused = Software.import(&with(rsa_jwk(RsaSize::Bits2048), member, Some(&bytes)));
        prop_assert!(matches!(refused, Err(KeyError::BadKey(_))));
    }
}
