use base64::prelude::BASE64_STANDARD;
use strongroom_certificates::pkcs12::{NewPfx, Pfx, Protection, Salts};
use strongroom_testing::{Authority, authority::Signed};

use super::*;

const PEM: CertificateFormat = CertificateFormat::Pem;
const DER: CertificateFormat = CertificateFormat::Der;
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n";

/// A certificate with its key, and those of the two authorities that lead to it: the nearer one first.
fn issued() -> (Signed, [String; 2]) {
    let root = Authority::new("root");
    let below = root.below("below", |_| {});
    let signed = below.issue(&["shop"], &[], &[]);
    (signed, [below.pem(), root.pem()].map(|pem| lines(&pem)))
}

/// PEM as the node driver writes it.
fn lines(pem: &str) -> String {
    pem.replace("\r\n", "\n")
}

fn pfx(pem: &[&str], key: Option<&str>, protection: Protection<'_>) -> String {
    let der = |text: &str| pem::read(text, VALUE_BYTES).unwrap().remove(0).der.to_vec();
    let certificates: Vec<_> = pem.iter().map(|text| der(text)).collect();
    let certificates: Vec<&[u8]> = certificates.iter().map(Vec::as_slice).collect();
    let key = key.map(der);
    let new = NewPfx {
        private_key: key.as_deref(),
        certificates: &certificates,
        alias: None,
    };
    let salts = Salts {
        private_key: [1; 32],
        certificates: [2; 32],
        mac: [3; 20],
    };
    BASE64_STANDARD.encode(new.to_der(protection, &salts).unwrap().as_slice())
}

fn read(value: &str) -> Result<SecretCertificate, CertificateFault> {
    SecretCertificate::read(value.as_bytes())
}

fn text(certificate: &SecretCertificate, part: CertificatePart) -> String {
    let content = certificate.content_of(part).unwrap();
    String::from_utf8(content.as_bytes().to_vec()).unwrap()
}

#[test]
fn every_part_is_made_of_what_a_vault_serves_as_pem_and_as_pfx() {
    let (signed, [below, root]) = issued();
    let (leaf, key) = (lines(&signed.certificate), lines(&signed.key));
    let as_pem = format!("{key}{leaf}{below}{root}");
    let as_pfx = pfx(&[&leaf, &below, &root], Some(&key), Protection::Azure);
    for value in [as_pem, as_pfx] {
        let certificate = read(&value).unwrap();
        let chain = format!("{leaf}{below}{root}");
        assert_eq!(text(&certificate, CertificatePart::Chain), chain);
        assert_eq!(text(&certificate, CertificatePart::Leaf(PEM)), leaf);
        assert_eq!(text(&certificate, CertificatePart::Ca), format!("{below}{root}"));
        let private = text(&certificate, CertificatePart::PrivateKey(PEM));
        assert!(
            private.starts_with(KEY) && private.ends_with("-----\n"),
            "a key in PKCS#8"
        );
        assert_eq!(
            text(&certificate, CertificatePart::Bundle),
            format!("{private}{chain}")
        );
        for (part, pem) in [
            (CertificatePart::Leaf(DER), &leaf),
            (CertificatePart::PrivateKey(DER), &private),
        ] {
            let der = certificate.content_of(part).unwrap();
            let blocks = pem::read(pem, VALUE_BYTES).unwrap();
            assert_eq!(der.as_bytes(), blocks[0].der.as_slice(), "{part:?}");
        }
        // It is the key of the leaf, for whoever reads the file.
        let again = read(&text(&certificate, CertificatePart::Bundle)).unwrap();
        assert_eq!(text(&again, CertificatePart::PrivateKey(PEM)), private);
    }
}

#[test]
fn a_chain_in_any_order_is_shown_leaf_first_with_its_key_or_without() {
    let (signed, [below, root]) = issued();
    let (leaf, key) = (lines(&signed.certificate), lines(&signed.key));
    let chain = format!("{leaf}{below}{root}");
    for value in [
        format!("{root}{leaf}{below}{key}"),
        format!("{below}text between\n{root}{leaf}{leaf}"),
        pfx(&[&root, &below, &leaf], None, Protection::Azure),
    ] {
        let certificate = read(&value).unwrap();
        assert_eq!(text(&certificate, CertificatePart::Chain), chain);
        assert_eq!(text(&certificate, CertificatePart::Leaf(PEM)), leaf);
    }
}

#[test]
fn a_private_key_that_is_not_there_and_a_chain_without_authorities_have_sentences_of_their_own() {
    let (signed, [below, root]) = issued();
    let leaf = &signed.certificate;
    let without_key = read(&format!("{leaf}{below}{root}")).unwrap();
    let private = [
        CertificatePart::PrivateKey(PEM),
        CertificatePart::PrivateKey(DER),
        CertificatePart::Bundle,
    ];
    for part in private {
        let refused = without_key.content_of(part).unwrap_err();
        assert_eq!(refused.to_string(), "its private key may not leave the vault");
    }
    let alone = read(&signed.both()).unwrap();
    let refused = alone.content_of(CertificatePart::Ca).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "its chain has no certificate of an authority"
    );
    assert_eq!(text(&alone, CertificatePart::Chain), lines(leaf));
    // What is no authority's is not to be trusted as one, wherever it is from.
    let (stranger, _) = issued();
    let with_stranger = read(&format!("{}{}", signed.both(), stranger.certificate)).unwrap();
    let refused = with_stranger.content_of(CertificatePart::Ca);
    assert_eq!(refused, Err(ContentError::NoAuthority));
}

#[test]
fn what_is_no_certificate_is_refused_without_a_word_of_it() {
    let (signed, [below, _]) = issued();
    let (other, _) = issued();
    let (leaf, key) = (&signed.certificate, &signed.key);
    let block = |label: &str, body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
    let garbage = BASE64_STANDARD.encode([0x30, 0x03, 0x02, 0x01, 0x03].repeat(1000));
    let locked = pfx(&[leaf, &below], Some(key), Protection::Password("CANARY"));
    let rows = [
        (String::new(), "the PFX is not of the form that PKCS#12 gives it"),
        (
            "CANARY hunter2!".to_owned(),
            "it is neither PEM nor base64 of a PFX",
        ),
        (garbage, "the PFX is not of the form that PKCS#12 gives it"),
        (locked, "its PFX has a password"),
        (key.clone(), "it has no certificate"),
        (block("CANARY", "AQID"), "it has no certificate"),
        (
            format!("{}{}{leaf}", key, other.key),
            "it has several private keys",
        ),
        (
            format!("{}{leaf}", other.key),
            "none of the certificates has the public key of the private key",
        ),
        (
            block("CERTIFICATE", "AQID"),
            "the certificate is not the DER that it should be",
        ),
        (
            format!("{leaf}{}", block("PRIVATE KEY", "AQID")),
            "its private key is damaged, or is of a kind that a vault does not have",
        ),
        (
            format!("{leaf}{}", block("ENCRYPTED PRIVATE KEY", "AQID")),
            "the PEM has a private key that is encrypted",
        ),
        (leaf.repeat(101), "it has more than 25600 bytes"),
        (
            block("A", "").repeat(101) + leaf,
            "the PEM has more than 100 blocks",
        ),
    ];
    for (value, sentence) in rows {
        let refused = read(&value).unwrap_err();
        assert_eq!(refused.to_string(), sentence);
        assert!(!format!("{refused:?}").contains("CANARY"), "{refused:?}");
    }
    assert_eq!(
        SecretCertificate::read(b"\xff\xfe").unwrap_err(),
        CertificateFault::Form
    );
    let large = vec![b'-'; 10 << 20];
    assert_eq!(
        SecretCertificate::read(&large).unwrap_err(),
        CertificateFault::TooLong
    );
}

#[test]
fn a_pfx_of_a_vault_takes_a_small_part_of_the_work_that_one_may_take() {
    let (signed, [below, root]) = issued();
    let chain: [&str; 3] = [&signed.certificate, &below, &root];
    let value = pfx(&chain, Some(&signed.key), Protection::Azure);
    let der = decode_base64(value.as_bytes()).unwrap();
    let takes = 14_000;
    assert!(Pfx::read_within(&der, None, takes).is_ok());
    let refused = Pfx::read_within(&der, None, takes - 1).unwrap_err();
    assert_eq!(
        CertificateFault::from(refused).to_string(),
        "the keys of its PFX take more than 200000 hashes"
    );
    assert!(10 * takes < PFX_WORK);
}

#[test]
fn printing_a_certificate_shows_no_byte_of_it() {
    let (signed, _) = issued();
    let certificate = read(&signed.both()).unwrap();
    assert_eq!(
        format!("{certificate:?}"),
        "SecretCertificate { certificates: 1, has_private_key: true }"
    );
}
