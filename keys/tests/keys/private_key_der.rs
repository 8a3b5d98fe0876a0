//! Private keys in DER: those that the library writes, one that a standard shows, and bytes that are no key.

use aws_lc_rs::{
    encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RsaKeyPair},
};
use strongroom_keys::{
    KeyKind, KeyProvider as _, KeyType, Member, MlDsaSet, PrivateKeyDer, PrivateKeyDerError, RsaSize,
    Software,
};

use crate::{
    material::akp,
    support::{flipped, generated, rsa},
};

/// The example of RFC 9881, appendix C.1.1.1: ML-DSA-44 of the seed 00 to 1f.
const ML_DSA_44: &str = "3034020100300b0609608648016503040311042280\
                         20000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The head of PKCS#8 with ML-DSA-44, without its length; behind it goes the private key.
const HEAD: &str = "020100300b0609608648016503040311";

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82][..], &length, content].concat()
}

fn ml_dsa(key: &[u8]) -> Vec<u8> {
    let content = [hex::decode(HEAD).unwrap(), element(0x04, key)].concat();
    element(0x30, &content)
}

fn seed() -> Vec<u8> {
    (0..32).collect()
}

#[test]
fn an_ml_dsa_key_is_read_from_its_seed_alone_or_with_the_expanded_key() {
    let wanted = akp(MlDsaSet::MlDsa44, &seed()).unwrap();
    let both = [element(0x04, &seed()), element(0x04, &[7; 2560])].concat();
    for pkcs8 in [hex::decode(ML_DSA_44).unwrap(), ml_dsa(&element(0x30, &both))] {
        let jwk = PrivateKeyDer::Pkcs8(&pkcs8).to_jwk().unwrap();
        assert_eq!(
            (jwk.kind, jwk.parameter_set),
            (KeyKind::Akp, Some(MlDsaSet::MlDsa44))
        );
        let key = Software.import(&jwk).unwrap();
        assert_eq!(key.public().to_spki(), wanted.public().to_spki());
    }
    let expanded = ml_dsa(&element(0x04, &[7; 2560]));
    assert_eq!(
        PrivateKeyDer::Pkcs8(&expanded).to_jwk().unwrap_err(),
        PrivateKeyDerError::NoSeed
    );
}

/// Every form, each with the key that it is.
fn forms() -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let sealed = rsa(RsaSize::Bits2048).to_bytes().unwrap();
    let pair = RsaKeyPair::from_pkcs8(&sealed[2..]).unwrap();
    let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let sec1 = AsDer::<EcPrivateKeyRfc5915Der<'_>>::as_der(&ec.private_key()).unwrap();
    (
        pkcs8.as_ref().to_vec(),
        ec.to_pkcs8v1().unwrap().as_ref().to_vec(),
        sec1.as_ref().to_vec(),
    )
}

#[test]
fn what_the_library_writes_is_read_with_every_member() {
    let (rsa, ec, sec1) = forms();
    let jwk = PrivateKeyDer::Pkcs8(&rsa).to_jwk().unwrap();
    assert_eq!(jwk.members().count(), 8);
    let key = Software.import(&jwk).unwrap();
    assert_eq!(key.key_type(), KeyType::Rsa(RsaSize::Bits2048));
    let (jwk, same) = (
        PrivateKeyDer::Pkcs8(&ec).to_jwk().unwrap(),
        PrivateKeyDer::Sec1(&sec1).to_jwk().unwrap(),
    );
    Software.import(&jwk).unwrap();
    for member in [Member::X, Member::Y, Member::D] {
        assert_eq!(jwk.get(member), same.get(member), "{member}");
    }
}

#[test]
fn a_part_of_a_key_or_another_form_of_it_is_refused_and_altered_bytes_make_no_other_key_unnoticed() {
    let (rsa, ec, sec1) = forms();
    for der in [&rsa, &ec, &sec1] {
        for length in 0..der.len() {
            let part = &der[..length];
            assert!(PrivateKeyDer::Pkcs8(part).to_jwk().is_err(), "{length}");
            assert!(PrivateKeyDer::Pkcs1(part).to_jwk().is_err(), "{length}");
            assert!(PrivateKeyDer::Sec1(part).to_jwk().is_err(), "{length}");
        }
    }
    let malformed = PrivateKeyDerError::Malformed;
    assert_eq!(PrivateKeyDer::Pkcs1(&rsa).to_jwk().unwrap_err(), malformed);
    assert_eq!(PrivateKeyDer::Pkcs1(&ec).to_jwk().unwrap_err(), malformed);
    assert_eq!(PrivateKeyDer::Sec1(&rsa).to_jwk().unwrap_err(), malformed);
    // The last byte of the RSA key is of qi, that of the EC key of its point.
    let altered = flipped(&rsa);
    let altered = PrivateKeyDer::Pkcs8(&altered).to_jwk().unwrap();
    assert!(Software.import(&altered).is_err());
    for altered in [
        PrivateKeyDer::Pkcs8(&flipped(&ec)),
        PrivateKeyDer::Sec1(&flipped(&sec1)),
    ] {
        assert_eq!(altered.to_jwk().unwrap_err(), PrivateKeyDerError::Scalar);
    }
}

#[test]
fn a_private_key_in_der_prints_as_its_form() {
    let sealed = generated(KeyType::Akp(MlDsaSet::MlDsa44)).to_bytes().unwrap();
    assert_eq!(format!("{:?}", PrivateKeyDer::Pkcs8(&sealed)), "Pkcs8");
}
