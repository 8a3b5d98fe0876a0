//! Which files of the package apply, with how many vectors, and why the others do not.

use std::collections::BTreeSet;

use crate::{ecdsa, ml_dsa, package, rsa_decryption, rsa_keys, rsa_signature, symmetric};

/// The directories of the package with algorithms that keys have here.
const DIRECTORIES: [&str; 6] = [
    "HMAC",
    "asymmetric/ECDSA",
    "asymmetric/MLDSA",
    "asymmetric/RSA",
    "ciphers/AES",
    "keywrap",
];

/// What is done with a file.
#[derive(Clone, Copy)]
enum Use {
    /// Every vector that applies is checked, and there are so many.
    Checked(usize, fn(&str) -> usize),
    /// None applies.
    Not(&'static str),
}

use Use::{Checked, Not};

const NO_VECTORS: &str = "no vectors";
const INVERSE: &str = "made with the inverse cipher, which RFC 3394 and RFC 5649 do not use";
const TRIPLE_DES: &str = "triple DES";
const NO_SUCH_MODE: &str = "the service has no such mode";
const SHA1: &str = "signatures of SHA-1 digests";
const X931: &str = "signatures with the padding of X9.31";
const OTHER_OAEP: &str = "the service has OAEP with SHA-1 and with SHA-256, each for the mask too";
const ENCODED: &str = "keys in DER, which the service does not read";

/// A file, or what names of files begin with, where this ends with a slash, a hyphen or a line below.
#[rustfmt::skip]
const FILES: &[(&str, Use)] = &[
    ("HMAC/rfc-", Not("of RFCs, with keys of other sizes than those of AES")),
    ("asymmetric/ECDSA/FIPS_186-2/KeyPair.rsp", Checked(30, ecdsa::key_pairs)),
    ("asymmetric/ECDSA/FIPS_186-2/PKV.rsp", Checked(36, ecdsa::public_keys)),
    ("asymmetric/ECDSA/FIPS_186-2/Readme.txt", Not(NO_VECTORS)),
    ("asymmetric/ECDSA/FIPS_186-2/SigGen.rsp", Not(SHA1)),
    ("asymmetric/ECDSA/FIPS_186-2/SigGen.txt", Not(SHA1)),
    ("asymmetric/ECDSA/FIPS_186-2/SigVer.rsp", Not(SHA1)),
    ("asymmetric/ECDSA/FIPS_186-3/KeyPair.rsp", Checked(30, ecdsa::key_pairs)),
    ("asymmetric/ECDSA/FIPS_186-3/PKV.rsp", Checked(36, ecdsa::public_keys)),
    ("asymmetric/ECDSA/FIPS_186-3/Readme.txt", Not(NO_VECTORS)),
    ("asymmetric/ECDSA/FIPS_186-3/SigGen.rsp", Checked(45, ecdsa::signatures)),
    ("asymmetric/ECDSA/FIPS_186-3/SigGen.txt", Checked(45, ecdsa::signatures)),
    ("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp", Checked(45, ecdsa::signatures)),
    ("asymmetric/ECDSA/RFC6979/", Not("of an RFC, for signers that derive their nonce from the digest")),
    ("asymmetric/ECDSA/SECP256K1/SigGen.txt", Checked(225, ecdsa::signatures)),
    ("asymmetric/MLDSA/kat_MLDSA_44_det_pure.rsp", Checked(100, ml_dsa::keys_44)),
    ("asymmetric/MLDSA/kat_MLDSA_65_det_pure.rsp", Checked(100, ml_dsa::keys_65)),
    ("asymmetric/MLDSA/kat_MLDSA_87_det_pure.rsp", Checked(100, ml_dsa::keys_87)),
    ("asymmetric/MLDSA/mldsa44_priv.der", Not(ENCODED)),
    ("asymmetric/MLDSA/mldsa44_pub.der", Not(ENCODED)),
    ("asymmetric/MLDSA/mldsa65_noseed_priv.der", Not(ENCODED)),
    ("asymmetric/RSA/FIPS_186-2/KeyGenRSA.rsp", Checked(18, rsa_keys::key_pairs)),
    ("asymmetric/RSA/FIPS_186-2/Readme.txt", Not(NO_VECTORS)),
    ("asymmetric/RSA/FIPS_186-2/SigGen15_186-2.rsp", Checked(90, rsa_signature::pkcs1)),
    ("asymmetric/RSA/FIPS_186-2/SigGen15_186-2.txt", Checked(90, rsa_signature::pkcs1)),
    ("asymmetric/RSA/FIPS_186-2/SigGen15_186-3.rsp", Checked(90, rsa_signature::pkcs1)),
    ("asymmetric/RSA/FIPS_186-2/SigGenPSS_186-2.rsp", Checked(90, rsa_signature::pss_of_another_salt)),
    ("asymmetric/RSA/FIPS_186-2/SigGenPSS_186-2.txt", Checked(90, rsa_signature::pss_of_another_salt)),
    ("asymmetric/RSA/FIPS_186-2/SigGenPSS_186-3.rsp", Checked(90, rsa_signature::pss_of_another_salt)),
    ("asymmetric/RSA/FIPS_186-2/SigGenRSA.rsp", Not(X931)),
    ("asymmetric/RSA/FIPS_186-2/SigGenRSA_186-2.rsp", Not(X931)),
    ("asymmetric/RSA/FIPS_186-2/SigGenRSA_186-2.txt", Not(X931)),
    ("asymmetric/RSA/FIPS_186-2/SigVer15_186-3.rsp", Checked(162, rsa_signature::pkcs1)),
    ("asymmetric/RSA/FIPS_186-2/SigVerPSS_186-3.rsp", Checked(162, rsa_signature::pss_of_another_salt)),
    ("asymmetric/RSA/FIPS_186-2/SigVerRSA.rsp", Not(X931)),
    ("asymmetric/RSA/SigVer15EMTest.txt", Checked(54, rsa_signature::pkcs1)),
    ("asymmetric/RSA/oaep-custom/oaep-sha1-", Not(OTHER_OAEP)),
    ("asymmetric/RSA/oaep-custom/oaep-sha224-", Not(OTHER_OAEP)),
    ("asymmetric/RSA/oaep-custom/oaep-sha256-sha1.txt", Not(OTHER_OAEP)),
    ("asymmetric/RSA/oaep-custom/oaep-sha256-sha224.txt", Not(OTHER_OAEP)),
    ("asymmetric/RSA/oaep-custom/oaep-sha256-sha256.txt", Checked(60, rsa_decryption::oaep_256)),
    ("asymmetric/RSA/oaep-custom/oaep-sha256-sha384.txt", Not(OTHER_OAEP)),
    ("asymmetric/RSA/oaep-custom/oaep-sha256-sha512.txt", Not(OTHER_OAEP)),
    ("asymmetric/RSA/oaep-custom/oaep-sha384-", Not(OTHER_OAEP)),
    ("asymmetric/RSA/oaep-custom/oaep-sha512-", Not(OTHER_OAEP)),
    ("asymmetric/RSA/oaep-label.txt", Not("OAEP with a label, of which the service knows none")),
    ("asymmetric/RSA/pkcs-1v2-1d2-vec/oaep-int.txt", Not("a key of 1,024 bits")),
    ("asymmetric/RSA/pkcs-1v2-1d2-vec/oaep-vect.txt", Checked(6, rsa_decryption::oaep)),
    ("asymmetric/RSA/pkcs-1v2-1d2-vec/pss-int.txt", Not(SHA1)),
    ("asymmetric/RSA/pkcs-1v2-1d2-vec/pss-vect.txt", Not(SHA1)),
    ("asymmetric/RSA/pkcs-1v2-1d2-vec/readme.txt", Not(NO_VECTORS)),
    ("asymmetric/RSA/pkcs1v15crypt-vectors.txt", Checked(20, rsa_decryption::pkcs1)),
    ("asymmetric/RSA/pkcs1v15sign-vectors.txt", Not(SHA1)),
    ("ciphers/AES/CBC/CBCGFSbox128.rsp", Checked(14, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCGFSbox192.rsp", Checked(12, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCGFSbox256.rsp", Checked(10, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCKeySbox128.rsp", Checked(42, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCKeySbox192.rsp", Checked(48, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCKeySbox256.rsp", Checked(32, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCMMT128.rsp", Checked(20, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCMMT192.rsp", Checked(20, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCMMT256.rsp", Checked(20, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCVarKey128.rsp", Checked(256, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCVarKey192.rsp", Checked(384, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCVarKey256.rsp", Checked(512, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCVarTxt128.rsp", Checked(256, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCVarTxt192.rsp", Checked(256, symmetric::cbc)),
    ("ciphers/AES/CBC/CBCVarTxt256.rsp", Checked(256, symmetric::cbc)),
    ("ciphers/AES/CCM/", Not(NO_SUCH_MODE)),
    ("ciphers/AES/CFB/", Not(NO_SUCH_MODE)),
    ("ciphers/AES/CTR/", Not(NO_SUCH_MODE)),
    ("ciphers/AES/ECB/", Not(NO_SUCH_MODE)),
    ("ciphers/AES/GCM/gcmDecrypt128.rsp", Checked(375, symmetric::gcm)),
    ("ciphers/AES/GCM/gcmDecrypt192.rsp", Checked(375, symmetric::gcm)),
    ("ciphers/AES/GCM/gcmDecrypt256.rsp", Checked(375, symmetric::gcm)),
    ("ciphers/AES/GCM/gcmEncryptExtIV128.rsp", Checked(375, symmetric::gcm)),
    ("ciphers/AES/GCM/gcmEncryptExtIV192.rsp", Checked(375, symmetric::gcm)),
    ("ciphers/AES/GCM/gcmEncryptExtIV256.rsp", Checked(375, symmetric::gcm)),
    ("ciphers/AES/GCM-SIV/", Not(NO_SUCH_MODE)),
    ("ciphers/AES/OCB3/", Not(NO_SUCH_MODE)),
    ("ciphers/AES/OFB/", Not(NO_SUCH_MODE)),
    ("ciphers/AES/SIV/", Not(NO_SUCH_MODE)),
    ("ciphers/AES/XTS/", Not(NO_SUCH_MODE)),
    ("keywrap/kwp_botan.txt", Checked(129, symmetric::padded_key_wrap_of_botan)),
    ("keywrap/kwtestvectors/KWP_AD_128.txt", Checked(500, symmetric::padded_key_wrap)),
    ("keywrap/kwtestvectors/KWP_AD_128_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KWP_AD_192.txt", Checked(500, symmetric::padded_key_wrap)),
    ("keywrap/kwtestvectors/KWP_AD_192_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KWP_AD_256.txt", Checked(500, symmetric::padded_key_wrap)),
    ("keywrap/kwtestvectors/KWP_AD_256_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KWP_AE_128.txt", Checked(500, symmetric::padded_key_wrap)),
    ("keywrap/kwtestvectors/KWP_AE_128_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KWP_AE_192.txt", Checked(500, symmetric::padded_key_wrap)),
    ("keywrap/kwtestvectors/KWP_AE_192_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KWP_AE_256.txt", Checked(500, symmetric::padded_key_wrap)),
    ("keywrap/kwtestvectors/KWP_AE_256_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KW_AD_128.txt", Checked(500, symmetric::key_wrap)),
    ("keywrap/kwtestvectors/KW_AD_128_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KW_AD_192.txt", Checked(500, symmetric::key_wrap)),
    ("keywrap/kwtestvectors/KW_AD_192_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KW_AD_256.txt", Checked(500, symmetric::key_wrap)),
    ("keywrap/kwtestvectors/KW_AD_256_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KW_AE_128.txt", Checked(500, symmetric::key_wrap)),
    ("keywrap/kwtestvectors/KW_AE_128_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KW_AE_192.txt", Checked(500, symmetric::key_wrap)),
    ("keywrap/kwtestvectors/KW_AE_192_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/KW_AE_256.txt", Checked(500, symmetric::key_wrap)),
    ("keywrap/kwtestvectors/KW_AE_256_inv.txt", Not(INVERSE)),
    ("keywrap/kwtestvectors/Readme.txt", Not(NO_VECTORS)),
    ("keywrap/kwtestvectors/TKW_", Not(TRIPLE_DES)),
];

/// Checks every file below a directory that applies, and that each has as many vectors as the table says.
fn check(directory: &str) {
    let mut files = 0;
    for (file, what) in FILES.iter().filter(|(file, _)| file.starts_with(directory)) {
        if let Checked(vectors, check) = what {
            let checked = check(file);
            println!("{file}: {checked} vectors");
            assert_eq!(checked, *vectors, "{file}");
            assert!(*vectors > 0, "{file}");
            files += 1;
        }
    }
    assert!(files > 0, "{directory}");
}

#[test]
fn ecdsa_signs_verifies_and_takes_keys_as_nist_has_it() {
    check("asymmetric/ECDSA");
}

#[test]
fn ml_dsa_makes_the_keys_of_the_seeds() {
    check("asymmetric/MLDSA");
}

#[test]
fn rsa_signs_verifies_decrypts_and_takes_keys_as_nist_has_it() {
    check("asymmetric/RSA");
}

#[test]
fn aes_encrypts_and_decrypts_or_refuses_as_nist_has_it() {
    check("ciphers/AES");
}

#[test]
fn key_wrap_wraps_and_unwraps_or_refuses_as_nist_has_it() {
    check("keywrap");
}

#[test]
fn the_table_names_every_file_of_these_algorithms_once_and_no_other() {
    let names =
        |row: &str, file: &str| row == file || (row.ends_with(['/', '-', '_']) && file.starts_with(row));
    let mut used = BTreeSet::new();
    for file in DIRECTORIES.into_iter().flat_map(package::files) {
        let rows: Vec<_> = FILES.iter().filter(|(row, _)| names(row, &file)).collect();
        assert_eq!(rows.len(), 1, "rows of {file}");
        used.insert(rows[0].0);
    }
    for (row, what) in FILES {
        assert!(used.contains(row), "the package has nothing under {row}");
        if let Not(reason) = what {
            assert!(!reason.is_empty());
        }
    }
}
