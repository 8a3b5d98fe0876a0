//! Bytes that nobody meant: they are refused or read, and nothing panics.

use proptest::prelude::*;
use strongroom_certificates::{
    content::{Content, merge_certificates},
    pem,
    pkcs12::Pfx,
};

use crate::support::{pem as pem_file, pfx};

const FILES: [&str; 6] = [
    "openssl-one-round",
    "openssl-plain",
    "openssl-plain-no-mac",
    "ber-openssl-plain-no-mac",
    "ber-openssl-no-mac",
    "python-pbmac1",
];

/// A file with some of its bytes taken away and others put there.
fn mutated(mut file: Vec<u8>, at: prop::sample::Index, length: usize, with: Vec<u8>) -> Vec<u8> {
    let start = at.index(file.len());
    let end = file.len().min(start + length);
    file.splice(start..end, with);
    file
}

proptest! {
    #[test]
    fn a_pfx_with_other_bytes(
        name in prop::sample::select(&FILES[..]),
        at: prop::sample::Index,
        length in 0_usize..20,
        with in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let _ = Pfx::read(&mutated(pfx(name), at, length, with), Some("1234"));
    }

    #[test]
    fn a_pem_with_other_bytes(
        name in prop::sample::select(&["key-first", "sec1", "pkcs1", "encrypted-in-the-old-form"][..]),
        at: prop::sample::Index,
        length in 0_usize..20,
        with in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let bytes = mutated(pem_file(name).into_bytes(), at, length, with);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Ok(content) = Content::read(&text, None) {
            let _ = content.private_key.as_der().to_jwk();
            let _ = content.private_key.into_pkcs8();
        }
        let _ = merge_certificates(&[text]);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Pfx::read(&bytes, None);
    }

    #[test]
    fn any_text(text in ".{0,200}|(-----(BEGIN|END) (A|B)-----|AQID|[A-Za-z0-9+/=\\n]){0,20}") {
        let _ = pem::read(&text, 1000);
        let _ = Content::read(&text, None);
        let _ = merge_certificates(&[text]);
    }
}
