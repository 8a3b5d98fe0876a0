//! Private keys as the program writes them.

use std::path::Path;

use strongroom_keys::{
    BadKey, Key, KeyProvider as _, KeyType, PrivateKeyDer, PrivateKeyDerError, RsaSize, Software,
};

use super::{openssl, run};
use crate::support::refusal;

/// Has the program make a key of `algorithm`, and leaves it in `key`; gives it in PKCS#8.
fn made(directory: &Path, algorithm: &str) -> Vec<u8> {
    let line = format!("genpkey -algorithm {algorithm} -outform DER -out key");
    run(directory, &line).unwrap();
    rewritten(directory, "pkcs8 -topk8 -nocrypt")
}

/// The key in `key`, as the program writes it with `options`.
fn rewritten(directory: &Path, options: &str) -> Vec<u8> {
    run(directory, &format!("{options} -in key -inform DER -outform DER")).unwrap()
}

fn imported(der: PrivateKeyDer<'_>) -> Key {
    Software.import(&der.to_jwk().unwrap()).unwrap()
}

#[test]
fn an_rsa_key_of_openssl_is_the_same_key_in_each_form() {
    let Some(directory) = openssl() else { return };
    let path = directory.path();
    let pkcs8 = made(path, "RSA -pkeyopt rsa_keygen_bits:2048");
    let pkcs1 = rewritten(path, "rsa -traditional");
    let public = rewritten(path, "pkey -pubout");
    for der in [PrivateKeyDer::Pkcs8(&pkcs8), PrivateKeyDer::Pkcs1(&pkcs1)] {
        let key = imported(der);
        assert_eq!(key.key_type(), KeyType::Rsa(RsaSize::Bits2048));
        assert_eq!(key.public().to_spki().as_ref(), Some(&public), "{der:?}");
    }
}

#[test]
fn an_ec_key_of_openssl_is_the_same_key_in_each_form_also_without_its_public_part() {
    let Some(directory) = openssl() else { return };
    let path = directory.path();
    for curve in ["P-256", "P-384", "P-521", "secp256k1"] {
        let pkcs8 = made(path, &format!("EC -pkeyopt ec_paramgen_curve:{curve}"));
        let (sec1, scalar) = (rewritten(path, "ec"), rewritten(path, "ec -no_public"));
        assert!(scalar.len() < sec1.len());
        let public = rewritten(path, "pkey -pubout");
        for der in [
            PrivateKeyDer::Pkcs8(&pkcs8),
            PrivateKeyDer::Sec1(&sec1),
            PrivateKeyDer::Sec1(&scalar),
        ] {
            let spki = imported(der).public().to_spki();
            assert_eq!(spki.as_ref(), Some(&public), "{curve}, {der:?}");
        }
    }
}

#[test]
fn a_key_that_no_vault_keeps_is_refused_with_what_it_is() {
    let Some(directory) = openssl() else { return };
    let path = directory.path();
    let curve = |name: &str| PrivateKeyDerError::Curve(name.to_owned());
    let algorithm = |name: &str| PrivateKeyDerError::Algorithm(name.to_owned());
    for (made_of, error) in [
        ("ED25519", algorithm("Ed25519")),
        ("RSA-PSS -pkeyopt rsa_keygen_bits:2048", algorithm("RSASSA-PSS")),
        (
            "EC -pkeyopt ec_paramgen_curve:brainpoolP256r1",
            curve("the curve 1.3.36.3.3.2.8.1.1.7"),
        ),
        (
            "EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit",
            curve("a curve without a name"),
        ),
    ] {
        let pkcs8 = made(path, made_of);
        assert_eq!(PrivateKeyDer::Pkcs8(&pkcs8).to_jwk().unwrap_err(), error);
    }
    let small = made(path, "RSA -pkeyopt rsa_keygen_bits:1024");
    let small = PrivateKeyDer::Pkcs8(&small).to_jwk().unwrap();
    assert_eq!(refusal(&small), BadKey::Size(1024));
}
