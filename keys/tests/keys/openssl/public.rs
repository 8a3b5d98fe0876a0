//! The public parts of keys.

use std::fs;

use strongroom_keys::{Curve, KeyType, RsaSize};

use super::{ec_der, openssl, run};
use crate::support::{generated, rsa};

#[test]
fn openssl_writes_the_public_part_of_a_private_key_as_we_do() {
    let Some(directory) = openssl() else { return };
    let path = directory.path();
    let of_ec = Curve::ALL.map(|curve| {
        let key = generated(KeyType::Ec(curve));
        (ec_der(curve, &key.to_bytes().unwrap()), key)
    });
    let of_rsa = RsaSize::ALL.map(|size| (rsa(size).to_bytes().unwrap()[2..].to_vec(), rsa(size)));
    for (private, key) in of_ec.into_iter().chain(of_rsa) {
        fs::write(path.join("key"), private).unwrap();
        let public = run(path, "pkey -in key -inform DER -pubout -outform DER").unwrap();
        assert_eq!(key.public().to_spki(), Some(public), "{:?}", key.public());
    }
}
