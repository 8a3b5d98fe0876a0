use std::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use strongroom_certificates::{
    authority::{Authority, AuthorityError, Permitted},
    certificate::Certificate,
    issue,
};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::support::{Folder, KEY_TYPES, P256, all_names, current, generate, generous, key, now, serial};

const AUTHORITY: [&str; 3] = [
    "basicConstraints = critical,CA:TRUE",
    "keyUsage = critical,keyCertSign,cRLSign",
    "subjectKeyIdentifier = hash",
];

#[test]
fn openssl_verifies_what_an_authority_of_every_type_of_key_signs() {
    for algorithm in [
        "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:3072",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:4096",
        P256,
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-521",
        "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
    ] {
        let folder = Folder::new();
        let (root, der) = folder.made_by_openssl(algorithm, "/C=DE/O=Contoso/CN=Root", 3650, &AUTHORITY);
        folder.write_pem("root.pem", &der);
        let root_certificate = Certificate::from_der(&der).unwrap();
        let authority = Authority::new(root, root_certificate, generous(), None).unwrap();
        let mut profile = current("CN=vault.contoso.com");
        profile.alternative_names = all_names();
        let leaf = issue::by_authority(&authority, key().public(), &profile, serial()).unwrap();
        folder.write_pem("leaf.pem", &leaf);
        let verified = folder.openssl(
            "verify -x509_strict -purpose sslserver -verify_hostname vault.contoso.com -CAfile root.pem leaf.pem",
        );
        assert_eq!(verified, "leaf.pem: OK\n", "{algorithm}");
        let leaf = Certificate::from_der(&leaf).unwrap();
        assert!(leaf.may_be_signed_by(authority.certificate()));
        assert!(!authority.certificate().may_be_signed_by(&leaf));
    }
}

#[test]
fn webpki_verifies_every_type_of_key_that_it_knows() {
    let folder = Folder::new();
    let authority = folder
        .authority(
            generous(),
            &["nameConstraints = critical,permitted;DNS:contoso.com"],
        )
        .unwrap();
    let root = CertificateDer::from(authority.certificate().der());
    let anchors = [anchor_from_trusted_cert(&root).unwrap()];
    let soon = u64::try_from(now()).unwrap() + 60;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(soon));
    for key_type in KEY_TYPES {
        let mut profile = current("CN=vault.contoso.com");
        profile.alternative_names.dns_names = Some(crate::support::texts(["vault.contoso.com"]));
        let leaf = issue::by_authority(&authority, generate(key_type).public(), &profile, serial()).unwrap();
        let leaf = CertificateDer::from(leaf);
        let leaf = EndEntityCert::try_from(&leaf).unwrap();
        leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &[],
            time,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .unwrap();
        let name = ServerName::try_from("vault.contoso.com").unwrap();
        leaf.verify_is_valid_for_subject_name(&name).unwrap();
    }
}

#[test]
fn a_certificate_says_where_the_list_of_revoked_ones_is() {
    let folder = Folder::new();
    let (root, der) = folder.made_by_openssl(P256, "/CN=Root", 3650, &AUTHORITY);
    let certificate = Certificate::from_der(&der).unwrap();
    let url = "http://strongroom.svc/lists/root.crl".to_owned();
    let authority = Authority::new(root, certificate, generous(), Some(url)).unwrap();
    let leaf =
        issue::by_authority(&authority, key().public(), &current("CN=a.contoso.com"), serial()).unwrap();
    folder.write("leaf.der", &leaf);
    let text = folder.openssl("x509 -inform DER -in leaf.der -noout -text");
    assert!(text.contains("CRL Distribution Points: \n                Full Name:\n                  URI:http://strongroom.svc/lists/root.crl"), "{text}");
}

#[test]
fn a_key_without_the_certificate_of_an_authority_is_none() {
    let folder = Folder::new();
    let made = |extensions: &[&str], subject: &str| {
        let (key, der) = folder.made_by_openssl(P256, subject, 3650, extensions);
        let certificate = Certificate::from_der(&der).unwrap();
        Authority::new(key, certificate, Permitted::default(), None).err()
    };
    let ca = "basicConstraints = critical,CA:TRUE";
    assert_eq!(made(&AUTHORITY, "/CN=Root"), None);
    assert_eq!(made(&[ca], "/CN=Root"), None);
    assert_eq!(made(&AUTHORITY, "/"), Some(AuthorityError::Nameless));
    for extensions in [
        &["basicConstraints = critical,CA:FALSE"][..],
        &["keyUsage = keyCertSign"],
        &[ca, "keyUsage = critical,cRLSign"],
    ] {
        assert_eq!(
            made(extensions, "/CN=Root"),
            Some(AuthorityError::NoAuthority),
            "{extensions:?}"
        );
    }
    let deep = "nameConstraints = critical,permitted;RID:1.2.3";
    assert_eq!(
        made(&[ca, deep], "/CN=Root"),
        Some(AuthorityError::NameConstraints)
    );
    let (_, der) = folder.made_by_openssl(P256, "/CN=Root", 3650, &AUTHORITY);
    let certificate = Certificate::from_der(&der).unwrap();
    let other = Authority::new(key(), certificate.clone(), Permitted::default(), None);
    assert_eq!(other.err(), Some(AuthorityError::OtherKey));
}

#[test]
fn nothing_is_signed_that_is_not_permitted() {
    let authority = Folder::new().authority(Permitted::default(), &[]).unwrap();
    let refused = issue::by_authority(&authority, key().public(), &current("CN=a"), serial());
    assert!(refused.is_err());
}
