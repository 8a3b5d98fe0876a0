//! Keys that are none: each is refused for its own reason, and nothing is made.

use proptest::prelude::*;
use strongroom_keys::{
    BadKey, Curve, Key, KeyError, KeyKind, KeyProvider, KeyType, Member, MlDsaSet, PrivateJwk, PublicMembers,
    RsaSize, Software,
};
use zeroize::Zeroizing;

use crate::{
    material::jwk,
    support::{flipped, generated, refusal, rsa_jwk, with},
};

#[test]
fn a_missing_member_is_named() {
    for member in [Member::N, Member::E, Member::D, Member::P, Member::Q] {
        for bytes in [None, Some(&[][..])] {
            let refused = refusal(&with(rsa_jwk(RsaSize::Bits2048), member, bytes));
            assert_eq!(refused, BadKey::Missing(member, KeyKind::Rsa));
        }
    }
    let mut empty = PrivateJwk::new(KeyKind::Ec);
    assert_eq!(refusal(&empty), BadKey::Missing(Member::Crv, KeyKind::Ec));
    empty.curve = Some(Curve::P384);
    assert_eq!(refusal(&empty), BadKey::Missing(Member::X, KeyKind::Ec));
    assert_eq!(
        refusal(&PrivateJwk::new(KeyKind::Oct)),
        BadKey::Missing(Member::K, KeyKind::Oct)
    );
    let mut empty = PrivateJwk::new(KeyKind::Akp);
    assert_eq!(refusal(&empty), BadKey::Missing(Member::Alg, KeyKind::Akp));
    empty.parameter_set = Some(MlDsaSet::MlDsa44);
    assert_eq!(refusal(&empty), BadKey::Missing(Member::Priv, KeyKind::Akp));
}

#[test]
fn members_of_another_kind_of_key_are_refused() {
    for member in [Member::K, Member::X] {
        let foreign = with(rsa_jwk(RsaSize::Bits2048), member, Some(&[1; 16]));
        assert_eq!(refusal(&foreign), BadKey::Foreign(member, KeyKind::Rsa));
    }
    let mut jwk = ec_jwk(Curve::P256);
    jwk.set(Member::N, Zeroizing::new(vec![1]));
    assert_eq!(refusal(&jwk), BadKey::Foreign(Member::N, KeyKind::Ec));
}

/// The JWK of a fresh key, read from its sealed form.
fn ec_jwk(curve: Curve) -> PrivateJwk {
    let key = generated(KeyType::Ec(curve));
    let PublicMembers::Ec { x, y, .. } = key.public().members() else {
        panic!();
    };
    let sealed = key.to_bytes().unwrap();
    let d = &sealed[2..2 + curve.width()];
    let mut jwk = jwk(KeyKind::Ec, &[(Member::X, x), (Member::Y, y), (Member::D, d)]);
    jwk.curve = Some(curve);
    jwk
}

#[test]
fn points_that_are_not_on_their_curve_are_refused() {
    for curve in Curve::ALL {
        let whole = ec_jwk(curve);
        assert!(Software.import(&whole).is_ok());
        for member in [Member::X, Member::Y] {
            let spoilt = with(&whole, member, Some(&flipped(whole.get(member).unwrap())));
            assert_eq!(refusal(&spoilt), BadKey::NotOnCurve, "{curve}");
            assert_eq!(
                refusal(&with(&whole, member, Some(&[0]))),
                BadKey::NotOnCurve,
                "{curve}"
            );
            let endless = vec![1; curve.width() + 1];
            assert_eq!(
                refusal(&with(&whole, member, Some(&endless))),
                BadKey::TooLong(member)
            );
            // Not below the prime of the field.
            let above = vec![0xff; curve.width()];
            assert_eq!(refusal(&with(&whole, member, Some(&above))), BadKey::NotOnCurve);
        }
        let nowhere = with(&with(&whole, Member::X, Some(&[0])), Member::Y, Some(&[0]));
        assert_eq!(refusal(&nowhere), BadKey::NotOnCurve);
    }
}

#[test]
fn a_point_of_another_curve_is_refused() {
    for (of, other) in [
        (Curve::P256, Curve::P256K),
        (Curve::P256K, Curve::P256),
        (Curve::P256, Curve::P384),
    ] {
        let mut jwk = ec_jwk(of);
        jwk.curve = Some(other);
        assert_eq!(refusal(&jwk), BadKey::NotOnCurve);
    }
}

/// The orders of the curves: SEC 2, version 2, and FIPS 186-4, D.1.2.
const ORDERS: [(Curve, &str); 4] = [
    (
        Curve::P256,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    ),
    (
        Curve::P384,
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    ),
    (
        Curve::P521,
        concat!(
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa",
            "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
        ),
    ),
    (
        Curve::P256K,
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
    ),
];

#[test]
fn scalars_that_are_not_the_point_s_are_refused() {
    for (curve, order) in ORDERS {
        let whole = ec_jwk(curve);
        let order = hex::decode(order).unwrap();
        let endless = vec![0xff; curve.width()];
        for d in [
            &[0][..],
            &[1],
            &flipped(whole.get(Member::D).unwrap()),
            &order,
            &flipped(&order),
            &endless,
        ] {
            assert_eq!(
                refusal(&with(&whole, Member::D, Some(d))),
                BadKey::Inconsistent,
                "{curve}"
            );
        }
        let endless = vec![1; curve.width() + 1];
        assert_eq!(
            refusal(&with(&whole, Member::D, Some(&endless))),
            BadKey::TooLong(Member::D)
        );
    }
}

#[test]
fn a_scalar_beyond_the_order_is_refused_even_where_it_is_the_point_s_by_its_remainder() {
    // d = order + 1 on P-256, of the point of d = 1.
    let mut generator = jwk(
        KeyKind::Ec,
        &[
            (
                Member::X,
                &hex::decode("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296").unwrap(),
            ),
            (
                Member::Y,
                &hex::decode("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5").unwrap(),
            ),
            (Member::D, &[1]),
        ],
    );
    generator.curve = Some(Curve::P256);
    assert!(Software.import(&generator).is_ok());
    let mut beyond = hex::decode(ORDERS[0].1).unwrap();
    *beyond.last_mut().unwrap() += 1;
    assert_eq!(
        refusal(&with(&generator, Member::D, Some(&beyond))),
        BadKey::Inconsistent
    );
}

#[test]
fn symmetric_keys_and_seeds_of_another_length_are_refused() {
    for length in [0, 1, 15, 17, 23, 31, 33, 64] {
        let oct = jwk(KeyKind::Oct, &[(Member::K, &vec![7; length])]);
        assert_eq!(refusal(&oct), BadKey::Size(length * 8));
        let mut akp = jwk(KeyKind::Akp, &[(Member::Priv, &vec![7; length])]);
        akp.parameter_set = Some(MlDsaSet::MlDsa65);
        assert_eq!(refusal(&akp), BadKey::Size(length * 8));
    }
}

#[test]
fn a_public_key_that_is_not_the_seed_s_is_refused() {
    let mut akp = jwk(KeyKind::Akp, &[(Member::Priv, &[7; 32])]);
    akp.parameter_set = Some(MlDsaSet::MlDsa44);
    let key = Software.import(&akp).unwrap();
    let PublicMembers::Akp { public, .. } = key.public().members() else {
        panic!();
    };
    assert!(Software.import(&with(&akp, Member::Pub, Some(public))).is_ok());
    for wrong in [&flipped(public)[..], &public[1..], &[]] {
        assert_eq!(
            refusal(&with(&akp, Member::Pub, Some(wrong))),
            BadKey::Inconsistent
        );
    }
}

fn any_key(kind: KeyKind) -> impl Strategy<Value = PrivateJwk> {
    let members = [
        Member::N,
        Member::E,
        Member::D,
        Member::P,
        Member::Q,
        Member::Dp,
        Member::K,
        Member::X,
        Member::Y,
        Member::Priv,
    ];
    let one = (
        proptest::sample::select(members.to_vec()),
        proptest::collection::vec(any::<u8>(), 0..300),
    );
    proptest::collection::vec(one, 0..8).prop_map(move |given| {
        let mut jwk = PrivateJwk::new(kind);
        for (member, bytes) in given {
            jwk.set(member, Zeroizing::new(bytes));
        }
        jwk.curve = (kind == KeyKind::Ec).then_some(Curve::P521);
        jwk.parameter_set = Some(MlDsaSet::MlDsa44);
        jwk
    })
}

proptest! {
    #[test]
    fn no_members_make_an_import_panic(jwks in KeyKind::ALL.map(any_key)) {
        for jwk in jwks {
            let _: Result<Key, KeyError> = Software.import(&jwk);
        }
    }
}
