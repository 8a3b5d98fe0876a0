//! Public keys as `SubjectPublicKeyInfo`, where the openssl program may be too old to read them.

use aws_lc_rs::signature::{ML_DSA_44, ML_DSA_65, ML_DSA_87, ParsedPublicKey};
use strongroom_keys::{Algorithm, KeyType, MlDsaSet, OctSize};

use crate::support::generated;

#[test]
fn another_library_reads_ml_dsa_keys_and_verifies_with_them() {
    for set in MlDsaSet::ALL {
        let key = generated(KeyType::Akp(set));
        let (theirs, head): (_, [u8; 22]) = match set {
            // As the example of RFC 9881, appendix C.3, begins.
            MlDsaSet::MlDsa44 => (
                &ML_DSA_44,
                [
                    0x30, 0x82, 0x05, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                    0x03, 0x11, 0x03, 0x82, 0x05, 0x21, 0x00,
                ],
            ),
            MlDsaSet::MlDsa65 => (
                &ML_DSA_65,
                [
                    0x30, 0x82, 0x07, 0xb2, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                    0x03, 0x12, 0x03, 0x82, 0x07, 0xa1, 0x00,
                ],
            ),
            MlDsaSet::MlDsa87 => (
                &ML_DSA_87,
                [
                    0x30, 0x82, 0x0a, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                    0x03, 0x13, 0x03, 0x82, 0x0a, 0x21, 0x00,
                ],
            ),
        };
        let spki = key.public().to_spki().unwrap();
        assert_eq!(spki[..22], head, "{set}");
        let signature = key.sign(Algorithm::MlDsa(set), b"message").unwrap();
        let theirs = ParsedPublicKey::new(theirs, &spki).unwrap();
        assert!(theirs.verify_sig(b"message", &signature).is_ok(), "{set}");
    }
}

#[test]
fn nothing_is_shown_of_a_symmetric_key() {
    for size in OctSize::ALL {
        assert_eq!(generated(KeyType::Oct(size)).public().to_spki(), None, "{size:?}");
    }
}
