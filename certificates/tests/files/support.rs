//! The files of `tests/data`, whose README says where they are from.

use std::{fs, path::PathBuf};

pub fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

pub fn bytes(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap()
}

pub fn pfx(name: &str) -> Vec<u8> {
    bytes(&format!("pkcs12/{name}.pfx"))
}

pub fn pem(name: &str) -> String {
    String::from_utf8(bytes(&format!("pem/{name}.pem"))).unwrap()
}

/// The private key in PKCS#8.
pub fn key() -> Vec<u8> {
    bytes("key.der")
}

/// The certificate of the key.
pub fn leaf() -> Vec<u8> {
    bytes("leaf.der")
}

/// The certificate of its authority.
pub fn ca() -> Vec<u8> {
    bytes("ca.der")
}
