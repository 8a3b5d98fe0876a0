//! Keys that come in as other programs write them.

use strongroom_keys::{
    Algorithm, Curve, Hash, KeyKind, KeyProvider, Member, PublicMembers, RsaSize, Software,
};

use crate::{
    material::{jwk, trimmed},
    support::{rsa_jwk, with},
};

#[test]
fn an_rsa_key_without_its_crt_members_is_the_same_key() {
    for size in RsaSize::ALL {
        let whole = Software.import(rsa_jwk(size)).unwrap();
        let mut bare = with(rsa_jwk(size), Member::Dp, None);
        for member in [Member::Dp, Member::Dq, Member::Qi] {
            bare = with(&bare, member, None);
            let key = Software.import(&bare).unwrap();
            assert_eq!(key.to_bytes().unwrap(), whole.to_bytes().unwrap());
        }
    }
}

#[test]
fn an_rsa_key_with_its_primes_the_other_way_round_is_a_key() {
    let whole = rsa_jwk(RsaSize::Bits2048);
    let mut turned = with(whole, Member::Qi, None);
    for (member, of) in [
        (Member::P, Member::Q),
        (Member::Q, Member::P),
        (Member::Dp, Member::Dq),
        (Member::Dq, Member::Dp),
    ] {
        turned = with(&turned, member, whole.get(of));
    }
    let (key, turned) = (Software.import(whole).unwrap(), Software.import(&turned).unwrap());
    let (algorithm, digest) = (Algorithm::RsaPkcs1(Hash::Sha256), [1; 32]);
    assert_eq!(key.public().members(), turned.public().members());
    assert_eq!(
        key.sign(algorithm, &digest).unwrap(),
        turned.sign(algorithm, &digest).unwrap()
    );
}

#[test]
fn leading_zeros_of_a_modulus_go() {
    let padded = rsa_jwk(RsaSize::Bits2048);
    let n = padded.get(Member::N).unwrap();
    assert_eq!((n.len(), n[0]), (257, 0));
    let mut more = with(padded, Member::K, None);
    for member in [
        Member::N,
        Member::E,
        Member::D,
        Member::P,
        Member::Q,
        Member::Dp,
        Member::Dq,
        Member::Qi,
    ] {
        let zeros = [&[0; 3], padded.get(member).unwrap()].concat();
        more = with(&more, member, Some(&zeros));
    }
    for jwk in [padded, &more] {
        let key = Software.import(jwk).unwrap();
        let PublicMembers::Rsa { n: shown, e } = key.public().members() else {
            panic!();
        };
        assert_eq!(shown, trimmed(n));
        assert_eq!(e, [1, 0, 1]);
    }
}

/// The point of the scalar 1 on P-521: FIPS 186-4, D.1.2.5. Its first coordinate begins with a zero.
const X: &str = concat!(
    "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3d",
    "baa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66"
);
const Y: &str = concat!(
    "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e66",
    "2c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650"
);

#[test]
fn short_members_of_a_curve_are_padded_and_answered_in_full_width() {
    let (x, y) = (hex::decode(X).unwrap(), hex::decode(Y).unwrap());
    assert_eq!((x.len(), y.len()), (65, 66));
    for zeros in [0, 1, 4] {
        let wide = |bytes: &[u8]| [&vec![0; zeros], bytes].concat();
        let mut key = jwk(
            KeyKind::Ec,
            &[
                (Member::X, &wide(&x)),
                (Member::Y, &wide(&y)),
                (Member::D, &wide(&[1])),
            ],
        );
        key.curve = Some(Curve::P521);
        let key = Software.import(&key).unwrap();
        let full = [&[0], x.as_slice()].concat();
        assert_eq!(
            key.public().members(),
            PublicMembers::Ec {
                crv: Curve::P521,
                x: &full,
                y: &y
            }
        );
        let (algorithm, digest) = (Algorithm::Ecdsa(Curve::P521), [1; 64]);
        let signature = key.sign(algorithm, &digest).unwrap();
        assert_eq!(signature.len(), 132);
        assert!(key.verify(algorithm, &digest, &signature).unwrap());
    }
}
