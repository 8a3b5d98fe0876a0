//! The authority of this machine, as whoever trusts it meets it.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::{fs, path::Path, process::Command};

use rcgen::{CertificateParams, Issuer, KeyPair};
use strongroom_dev::{
    authority::{Authority, AuthorityError},
    place::Place,
};
use tempfile::TempDir;
use time::OffsetDateTime;

/// Whether openssl(1) verifies a certificate of a server under the authority.
fn is_verified(directory: &Path, certificate: &str) -> (bool, String) {
    fs::write(directory.join("leaf.pem"), certificate).unwrap();
    let output = Command::new("openssl")
        .args([
            "verify",
            "-x509_strict",
            "-purpose",
            "sslserver",
            "-CAfile",
            "ca.crt",
            "leaf.pem",
        ])
        .current_dir(directory)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn the_authority_is_made_once_and_trusted_for_names_of_this_machine_alone() {
    let directory = TempDir::new().unwrap();
    let place = Place::open(Some(&directory.path().join("dev"))).unwrap();
    let now = OffsetDateTime::now_utc();
    let first = Authority::open(&place, now).unwrap();
    let again = Authority::open(&place, now).unwrap();
    assert_eq!(first.certificate(), again.certificate());

    let names = ["*.vault.localhost", "localhost", "host.docker.internal"].map(str::to_owned);
    let server = again.issue(&names, now).unwrap();
    let (is_good, said) = is_verified(&directory.path().join("dev"), &server.certificate);
    assert!(is_good, "{said}");

    let refused = again
        .issue(&["login.microsoftonline.com".to_owned()], now)
        .unwrap_err();
    assert!(matches!(refused, AuthorityError::Name(_)), "{refused}");

    // Whoever steals its key gains no name of another machine.
    let both = fs::read_to_string(place.file("authority.pem")).unwrap();
    let (key, certificate) = both.split_at(both.find("-----BEGIN CERTIFICATE").unwrap());
    let issuer = Issuer::from_ca_cert_pem(certificate, KeyPair::from_pem(key).unwrap()).unwrap();
    for name in ["login.microsoftonline.com", "10.0.0.1", "mylocalhost"] {
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let stolen = params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        let (is_good, said) = is_verified(&directory.path().join("dev"), &stolen.pem());
        assert!(
            !is_good && said.contains("permitted subtree violation"),
            "{name}: {said}"
        );
    }
}

#[test]
fn a_damaged_authority_is_said_to_be_one_and_nothing_is_made_in_its_place() {
    let directory = TempDir::new().unwrap();
    let place = Place::open(Some(&directory.path().join("dev"))).unwrap();
    let file = place.file("authority.pem");
    fs::write(&file, "none").unwrap();
    let refused = Authority::open(&place, OffsetDateTime::now_utc()).unwrap_err();
    assert!(refused.to_string().contains("delete it"), "{refused}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "none");
}
