//! What an import and a merge bring.

use base64::{Engine, prelude::BASE64_STANDARD};
use strongroom_certificates::{
    content::{Content, ContentError, ContentKey, LONGEST_TEXT, MergeError, merge_certificates},
    pem::{self, PemError},
    pkcs12::Pkcs12Error,
};
use strongroom_keys::{KeyKind, PrivateKeyDer, PrivateKeyDerError};

use crate::support::{ca, key, leaf, pem as pem_file, pfx};

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

fn read(text: &str) -> Content {
    Content::read(text, None).unwrap()
}

fn refusal(text: &str) -> ContentError {
    Content::read(text, Some("1234")).unwrap_err()
}

#[test]
fn each_form_of_an_import_is_read() {
    let with_password = Content::read(&base64(pfx("openssl-legacy")), Some("1234")).unwrap();
    let forms = [
        with_password,
        read(&base64(pfx("openssl-legacy-empty"))),
        read(
            &base64(pfx("openssl-legacy-empty"))
                .replace('/', "_")
                .replace('+', "-"),
        ),
        read(&base64(base64(pfx("openssl-default-empty")))),
        read(&pem_file("key-first")),
        read(&pem_file("text-and-key-last")),
        read(&pem_file("crlf")),
        read(&base64(pem_file("key-first"))),
        read(&base64(base64(pem_file("crlf")))),
        Content::read(&pem_file("crlf"), Some("not used")).unwrap(),
    ];
    for content in forms {
        let PrivateKeyDer::Pkcs8(found) = content.private_key.as_der() else {
            panic!("a key of another form: {content:?}");
        };
        assert_eq!(found, key());
        assert_eq!(content.certificates, [leaf(), ca()]);
    }
}

#[test]
fn keys_of_the_old_forms_become_pkcs8() {
    for (name, kind) in [("sec1", KeyKind::Ec), ("pkcs1", KeyKind::Rsa)] {
        let content = read(&pem_file(name));
        assert_eq!(content.certificates.len(), 1);
        let old = content.private_key.as_der().to_jwk().unwrap();
        let pkcs8 = content.private_key.into_pkcs8().unwrap();
        let new = PrivateKeyDer::Pkcs8(&pkcs8).to_jwk().unwrap();
        assert_eq!(old.kind, kind);
        assert!(old.members().eq(new.members()));
    }
    assert_eq!(
        read(&pem_file("key-first")).private_key.into_pkcs8().unwrap()[..],
        key()
    );
    let refused = |der: &[u8]| ContentKey::Sec1(der.to_vec().into()).into_pkcs8().unwrap_err();
    assert_eq!(refused(&[0x30, 0]), PrivateKeyDerError::Malformed);
    let nameless = refused(&[0x30, 6, 2, 1, 1, 4, 1, 7]);
    assert_eq!(
        nameless,
        PrivateKeyDerError::Curve("a curve without a name".to_owned())
    );
}

#[test]
fn one_private_key_and_a_certificate_are_needed() {
    let text = pem_file("key-first");
    let (private_key, certificates) = text.split_at(text.find("-----BEGIN CERTIFICATE").unwrap());
    for text in [
        certificates,
        private_key,
        &format!("{text}{private_key}"),
        &base64(pfx("openssl-no-key")),
        "-----BEGIN CERTIFICATE REQUEST----------END CERTIFICATE REQUEST-----",
    ] {
        assert_eq!(refusal(text), ContentError::NoPrivateKey);
    }
}

#[test]
fn refusals_have_the_sentences_of_azure() {
    assert_eq!(
        refusal(
            &pem_file("key-first")
                .replace("BEGIN PRIVATE KEY", "BEGIN PUBLIC KEY")
                .replace("END PRIVATE", "END PUBLIC")
        )
        .to_string(),
        "No certificate with private key found in the specified X.509 certificate content. Please specify X.509 certificate \
         content with only one certificate containing private key."
    );
    assert_eq!(
        refusal("AQID").to_string(),
        "The specified PKCS#12 X.509 certificate content can not be read. Please check if certificate is in valid PKCS#12 \
         format."
    );
    assert_eq!(
        refusal("-----BEGIN CERTIFICATE-----").to_string(),
        "The specified PEM X.509 certificate content is in an unexpected format. Please check if certificate is in valid PEM \
         format."
    );
}

#[test]
fn a_refusal_tells_its_reason() {
    for text in [
        "",
        "*",
        "AQID",
        &base64("*"),
        &base64(base64(base64(pfx("openssl-default")))),
    ] {
        assert_eq!(refusal(text), Pkcs12Error::Malformed.into(), "{text}");
    }
    assert_eq!(
        refusal(&base64(pfx("java-default"))),
        Pkcs12Error::WrongPassword.into()
    );
    for name in ["encrypted", "encrypted-in-the-old-form"] {
        assert_eq!(refusal(&pem_file(name)), PemError::Encrypted.into());
    }
    assert_eq!(
        refusal(&base64(b"-----BEGIN \xff")),
        Pkcs12Error::Malformed.into()
    );
    assert_eq!(refusal(&"A".repeat(LONGEST_TEXT + 1)), ContentError::TooLong);
}

#[test]
fn what_is_written_as_pem_is_read() {
    let text = pem::write(&[
        (pem::PRIVATE_KEY, &key()),
        (pem::CERTIFICATE, &leaf()),
        (pem::CERTIFICATE, &ca()),
    ]);
    // openssl writes as we do.
    assert_eq!(*text.unwrap(), pem_file("key-first"));
}

#[test]
fn nothing_of_a_private_key_is_printed() {
    let printed = format!("{:?}", read(&pem_file("sec1")));
    assert!(printed.contains("private_key: Sec1,"), "{printed}");
}

fn merged(x5c: &[&str]) -> Result<Vec<Vec<u8>>, MergeError> {
    merge_certificates(&x5c.iter().map(ToString::to_string).collect::<Vec<_>>())
}

#[test]
fn certificates_of_a_merge_are_read_in_each_form() {
    let pem = |der: &[u8]| pem::write(&[(pem::CERTIFICATE, der)]).unwrap().to_string();
    for x5c in [
        [base64(leaf()), base64(ca())],
        [base64(base64(leaf())), base64(ca())],
        [base64(pem(&leaf())), base64(base64(ca()))],
        [pem(&leaf()), base64(pem(&ca()))],
    ] {
        assert_eq!(merge_certificates(&x5c), Ok(vec![leaf(), ca()]));
    }
    let both = base64(format!("{}{}", pem(&leaf()), pem(&ca())));
    assert_eq!(merged(&[&both]), Ok(vec![leaf(), ca()]));
}

#[test]
fn a_merge_of_something_else_is_refused() {
    let leaf = base64(leaf());
    assert_eq!(merged(&[]), Err(MergeError::Empty));
    for text in ["", "AQID", "*", &base64("*"), &base64(pem_file("encrypted"))] {
        assert_eq!(
            merged(&[&leaf, text]),
            Err(MergeError::NoCertificate(1)),
            "{text}"
        );
    }
    assert_eq!(
        merged(&vec![leaf.as_str(); 100]).map(|found| found.len()),
        Ok(100)
    );
    assert_eq!(merged(&vec![leaf.as_str(); 101]), Err(MergeError::TooMany));
    assert_eq!(
        merged(&["A".repeat(LONGEST_TEXT + 1).as_str()]),
        Err(MergeError::TooMany)
    );
    let both = base64(pem_file("key-first"));
    assert_eq!(merged(&vec![both.as_str(); 51]), Err(MergeError::TooMany));
}
