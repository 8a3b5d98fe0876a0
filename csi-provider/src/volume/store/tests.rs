use strongroom_certificates::pkcs12::Pfx;
use strongroom_crds::secret_ref::CertificateStore;
use strongroom_testing::Authority;

use super::*;

const PASSWORD: &str = "p\u{e4}55 word\n";

/// A certificate with its key and its authority's certificate, as PEM.
fn issued() -> String {
    let authority = Authority::new("house");
    authority.issue(&["shop"], &[], &[]).through(&[&authority]).both()
}

const fn store(holds: StoreContents, format: StoreFormat) -> CertificateStore {
    CertificateStore { holds, format }
}

fn versions(certificate: u8, password: u8) -> [Option<Version>; 2] {
    [certificate, password].map(|number| Some(Version::from_bytes([number; 16])))
}

fn all() -> impl Iterator<Item = CertificateStore> {
    let contents = [
        StoreContents::KeyAndChain,
        StoreContents::Authorities,
        StoreContents::Leaf,
    ];
    let formats = |holds| [StoreFormat::Pkcs12, StoreFormat::Jks].map(|format| store(holds, format));
    contents.into_iter().flat_map(formats)
}

/// The store of the certificate in `text` under that password.
fn made(text: &str, wanted: CertificateStore, password: &[u8]) -> Result<Content, ContentError> {
    let certificate = SecretCertificate::read(text.as_bytes()).map_err(ContentError::NoCertificate)?;
    let stored = Stored::of(&certificate, wanted.holds, "shop-tls")?;
    stored.written(wanted.format, Password::read(password)?, versions(1, 1))
}

fn written(
    certificate: &SecretCertificate,
    wanted: CertificateStore,
    versions: [Option<Version>; 2],
) -> Vec<u8> {
    let stored = Stored::of(certificate, wanted.holds, "shop-tls").unwrap();
    let password = Password::read(PASSWORD.as_bytes()).unwrap();
    let content = stored.written(wanted.format, password, versions).unwrap();
    content.as_bytes().to_vec()
}

/// Of a JKS it is proven by programs of Java, in the tests of a node.
#[test]
fn a_store_holds_what_it_says_under_the_value_as_it_is() {
    let read = SecretCertificate::read(issued().as_bytes()).unwrap();
    let der: Vec<_> = read.chain().certificates().iter().map(Certificate::der).collect();
    for (holds, keys, certificates) in [
        (StoreContents::KeyAndChain, 1, &der[..]),
        (StoreContents::Authorities, 0, &der[1..]),
        (StoreContents::Leaf, 0, &der[..1]),
    ] {
        let file = written(&read, store(holds, StoreFormat::Pkcs12), versions(1, 1));
        assert!(Pfx::read(&file, Some(PASSWORD.trim_end())).is_err(), "{holds:?}");
        let found = Pfx::read(&file, Some(PASSWORD)).unwrap();
        assert_eq!(found.certificates, certificates, "{holds:?}");
        assert_eq!(found.private_keys.len(), keys, "{holds:?}");
        if let Some(key) = found.private_keys.first() {
            assert_eq!(key.as_slice(), read.private_key().unwrap());
        }
    }
}

#[test]
fn the_same_versions_make_the_same_bytes_and_others_make_others() {
    let certificate = SecretCertificate::read(issued().as_bytes()).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for wanted in all() {
        let first = written(&certificate, wanted, versions(1, 1));
        assert_eq!(written(&certificate, wanted, versions(1, 1)), first, "{wanted:?}");
        seen.insert(first);
    }
    assert_eq!(seen.len(), 6);
    // The trust stores of JKS have no salt.
    let salted = [
        store(StoreContents::KeyAndChain, StoreFormat::Pkcs12),
        store(StoreContents::KeyAndChain, StoreFormat::Jks),
        store(StoreContents::Leaf, StoreFormat::Pkcs12),
    ];
    for wanted in salted {
        for other in [versions(2, 1), versions(1, 2), [None, None]] {
            assert!(seen.insert(written(&certificate, wanted, other)), "{wanted:?}");
        }
    }
}

/// Of all that one store has, and two stores of one certificate.
#[test]
fn no_two_salts_are_alike() {
    let read = SecretCertificate::read(issued().as_bytes()).unwrap();
    let mut salts = std::collections::BTreeSet::new();
    let mut add = |salt: &Salt| {
        for purpose in ["private key", "certificates", "mac", "jks"] {
            let salt: [u8; 20] = salt.of(purpose);
            assert!(salts.insert(salt));
        }
    };
    for wanted in all() {
        let stored = Stored::of(&read, wanted.holds, "shop-tls").unwrap();
        add(&stored.salt(wanted.format, versions(1, 1)));
        add(&stored.salt(wanted.format, versions(1, 2)));
        add(&stored.salt(wanted.format, versions(2, 1)));
    }
    let mut parts = [Salt(Context::new(&SHA256)), Salt(Context::new(&SHA256))];
    for (salt, (first, second)) in parts.iter_mut().zip([("a", "bc"), ("ab", "c")]) {
        salt.add(first.as_bytes());
        salt.add(second.as_bytes());
        add(salt);
    }
}

#[test]
fn what_programs_cannot_be_given_as_a_password_is_refused_without_a_word_of_it() {
    let certificate = issued();
    let wanted = store(StoreContents::KeyAndChain, StoreFormat::Jks);
    let with = |password: &[u8]| made(&certificate, wanted, password);
    for (password, fault) in [
        (&b""[..], PasswordFault::Empty),
        (&[b'a'; PASSWORD_BYTES + 1], PasswordFault::TooLong),
        (b"CANARY\xff", PasswordFault::Text),
        (b"CANARY\0", PasswordFault::Text),
    ] {
        let refused = with(password).unwrap_err();
        assert_eq!(refused, ContentError::Password(fault));
        assert!(!format!("{refused} {refused:?}").contains("CANARY"));
    }
    for password in [&b"a"[..], &[b'a'; PASSWORD_BYTES], "\u{1f600}".as_bytes(), b" \n"] {
        assert!(with(password).is_ok(), "{password:?}");
    }
}

#[test]
fn what_a_certificate_has_not_is_in_no_store() {
    let authority = Authority::new("house");
    let signed = authority.issue(&["shop"], &[], &[]);
    let refused = |text: &str, holds| {
        let wanted = store(holds, StoreFormat::Jks);
        made(text, wanted, PASSWORD.as_bytes()).err()
    };
    let alone = signed.both();
    assert_eq!(refused(&alone, StoreContents::KeyAndChain), None);
    assert_eq!(refused(&alone, StoreContents::Leaf), None);
    let no_authority = refused(&alone, StoreContents::Authorities);
    assert_eq!(no_authority, Some(ContentError::NoAuthority));
    let public = signed.through(&[&authority]).certificate;
    assert_eq!(refused(&public, StoreContents::Authorities), None);
    let no_key = refused(&public, StoreContents::KeyAndChain);
    assert_eq!(no_key, Some(ContentError::NoPrivateKey));
    assert!(matches!(
        refused("hunter2", StoreContents::Leaf),
        Some(ContentError::NoCertificate(_))
    ));
}
