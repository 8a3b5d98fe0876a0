//! PFX files that openssl, Java, Python and, in their encoding, Firefox wrote.

use strongroom_certificates::pkcs12::{Pfx, Pkcs12Error};
use strongroom_keys::PrivateKeyDer;

use crate::support::{ca, key, leaf, pfx};

/// The files with a key and two certificates, and their passwords.
const FILES: [(&str, &str); 28] = [
    ("openssl-legacy", "1234"),
    ("openssl-legacy-empty", ""),
    ("openssl-default", "1234"),
    ("openssl-default-empty", ""),
    ("openssl-3des", "1234"),
    ("openssl-2des", "1234"),
    ("openssl-rc2-128", "1234"),
    ("openssl-aes-128-192", "1234"),
    ("openssl-pbes2-3des", "1234"),
    ("openssl-mac-sha224", "1234"),
    ("openssl-plain", "1234"),
    ("openssl-plain-no-mac", ""),
    ("openssl-no-mac", "1234"),
    ("openssl-no-mac-3des-empty", ""),
    ("openssl-one-round", "1234"),
    ("openssl-unicode", "pä55wörd-€-😀"),
    ("openssl-legacy-unicode", "pä55wörd-€-😀"),
    ("java-default", "123456"),
    ("java-legacy", "123456"),
    ("java-absent", ""),
    ("python-windows", "1234"),
    ("python-aes", "1234"),
    ("python-plain", ""),
    ("python-pbmac1", "1234"),
    ("ber-openssl-legacy", "1234"),
    ("ber-openssl-default", "1234"),
    ("ber-openssl-no-mac", "1234"),
    ("ber-openssl-plain-no-mac", ""),
];

#[test]
fn files_of_other_programs_are_read() {
    for (name, password) in FILES {
        let found = Pfx::read(&pfx(name), Some(password)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found.private_keys.len(), 1, "{name}");
        assert_eq!(found.private_keys[0][..], key(), "{name}");
        assert_eq!(found.certificates, [leaf(), ca()], "{name}");
    }
}

/// Its algorithm leaves out the hash, as the default.
#[test]
fn a_key_without_certificates_is_read() {
    let found = Pfx::read(&pfx("openssl-key-only-prf-sha1"), Some("1234")).unwrap();
    assert_eq!(found.private_keys[0][..], key());
    assert!(found.certificates.is_empty());
}

#[test]
fn a_key_with_the_attributes_of_windows_is_read() {
    let found = Pfx::read(&pfx("openssl-windows-attributes"), Some("1234")).unwrap();
    assert_eq!(found.certificates, [leaf(), ca()]);
    let with_attributes = PrivateKeyDer::Pkcs8(&found.private_keys[0]).to_jwk().unwrap();
    assert_ne!(found.private_keys[0][..], key());
    let without = key();
    let without = PrivateKeyDer::Pkcs8(&without).to_jwk().unwrap();
    assert!(with_attributes.members().eq(without.members()));
}

#[test]
fn no_password_is_the_empty_one() {
    for name in [
        "openssl-legacy-empty",
        "openssl-default-empty",
        "java-absent",
        "openssl-plain-no-mac",
    ] {
        assert_eq!(
            Pfx::read(&pfx(name), None).unwrap().certificates.len(),
            2,
            "{name}"
        );
    }
}

#[test]
fn a_file_without_a_private_key_is_read() {
    let found = Pfx::read(&pfx("openssl-no-key"), Some("1234")).unwrap();
    assert!(found.private_keys.is_empty());
    assert_eq!(found.certificates, [leaf(), ca()]);
}

#[test]
fn another_password_is_refused() {
    for (name, password) in FILES {
        let is_open = name.contains("plain-no-mac");
        for wrong in ["", "12345", "1233", "😀"] {
            if wrong == password || is_open {
                continue;
            }
            let refused = Pfx::read(&pfx(name), Some(wrong)).unwrap_err();
            let by_chance = name.contains("no-mac") && refused == Pkcs12Error::Malformed;
            assert!(
                refused == Pkcs12Error::WrongPassword || by_chance,
                "{name}: {refused}"
            );
        }
    }
}

#[test]
fn rc4_is_refused_by_its_name() {
    let refused = Pfx::read(&pfx("openssl-unsupported-rc4"), Some("1234")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the PFX uses 1.2.840.113549.1.12.1.1, which is not supported"
    );
}

#[test]
fn a_file_that_ends_early_is_refused() {
    for (name, password) in FILES {
        let whole = pfx(name);
        for length in 0..whole.len() {
            assert!(
                Pfx::read(&whole[..length], Some(password)).is_err(),
                "{name}, {length} bytes"
            );
        }
    }
}

#[test]
fn a_file_with_more_behind_it_is_refused() {
    let more = [pfx("openssl-default"), vec![0]].concat();
    assert_eq!(
        Pfx::read(&more, Some("1234")).unwrap_err(),
        Pkcs12Error::Malformed
    );
}

#[test]
fn a_file_with_other_bytes_is_never_read_as_another() {
    for (name, password) in [
        ("openssl-one-round", "1234"),
        ("openssl-plain", "1234"),
        ("ber-openssl-no-mac", "1234"),
        ("openssl-plain-no-mac", ""),
    ] {
        let has_mac = !name.contains("no-mac");
        let mut file = pfx(name);
        for index in 0..file.len() {
            for bit in [0x01, 0x20, 0x80, 0xff] {
                file[index] ^= bit;
                if let Ok(found) = Pfx::read(&file, Some(password))
                    && has_mac
                {
                    assert_eq!(found.certificates, [leaf(), ca()], "{name}, byte {index}");
                }
                file[index] ^= bit;
            }
        }
    }
}
