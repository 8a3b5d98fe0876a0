//! The trust bundle as files of a volume: as a program's only certificates, and as a trust store for Java.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use pem::Pem;
use rustls::{RootCertStore, pki_types::CertificateDer};
use serde_json::json;
use strongroom_testing::Authority;
use tonic::Code;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

use crate::support::{Node, Pod, in_private_mounts};

/// The certificates that a text holds, as DER.
fn certificates(text: &[u8]) -> BTreeSet<Vec<u8>> {
    let found = pem::parse_many(text).unwrap();
    assert!(found.iter().all(|part| part.tag() == "CERTIFICATE"));
    found.into_iter().map(Pem::into_contents).collect()
}

/// Those of a bundle, and the public ones.
fn with_public(bundle: &str) -> BTreeSet<Vec<u8>> {
    let public = TLS_SERVER_ROOT_CERTS.iter().map(|root| root.to_vec());
    public.chain(certificates(bundle.as_bytes())).collect()
}

/// The certificates that Java trusts of a store that it opens with `password`, or without one.
fn trusted_by_java(store: &Path, password: Option<&str>) -> BTreeSet<Vec<u8>> {
    let password = password.map_or(vec![], |password| vec!["-storepass", password]);
    let run = Command::new("keytool")
        .args(["-J-Duser.language=en", "-list", "-rfc", "-keystore"])
        .arg(store)
        .args(password)
        .stdin(Stdio::null())
        .output()
        .expect("this test needs keytool, of a JDK, in the PATH");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}");
    let found = certificates(&run.stdout);
    assert_eq!(said.matches("Entry type: trustedCertEntry").count(), found.len());
    found
}

#[test]
fn a_file_of_the_system_holds_the_vaults_and_the_public_certificates_and_both_follow() {
    in_private_mounts(async |root| {
        let mut node = Node::start(root).await;
        node.api.put(
            "shop",
            "app",
            &json!([
                {"path": "vault.crt", "trustBundle": {"roots": "Vault", "format": "PEM"}},
                {"path": "all.crt", "trustBundle": {"roots": "System"}},
                {"path": "all.p12", "trustBundle": {"roots": "System", "format": "PKCS12"}},
            ]),
        );
        let pod = Pod::new("p");
        node.publish(&pod, "app").await.unwrap();
        let all = node.target(&pod).join("all.crt");
        let bundle = fs::read_to_string(node.root.join("ca.crt")).unwrap();
        assert_eq!(node.read(&pod, "vault.crt").as_deref(), Some(&*bundle));
        assert_eq!(certificates(&fs::read(&all).unwrap()), with_public(&bundle));
        let everything = certificates(&fs::read(&all).unwrap());
        let everything = everything.into_iter().map(CertificateDer::from);
        let (usable, broken) = RootCertStore::empty().add_parsable_certificates(everything);
        assert_eq!((usable, broken), (TLS_SERVER_ROOT_CERTS.len() + 1, 0));

        let both = format!("{bundle}{}", Authority::new("another").pem());
        fs::write(node.root.join("ca.crt"), &both).unwrap();
        node.restart_driver().await;
        let second = Duration::from_secs(1);
        node.reads(&pod, "vault.crt", &both, second * 12).await;
        assert_eq!(certificates(&fs::read(&all).unwrap()), with_public(&both));
        assert_eq!(
            trusted_by_java(&node.target(&pod).join("all.p12"), None),
            with_public(&both)
        );
    });
}

#[test]
fn java_trusts_what_a_trust_store_holds_whatever_password_it_is_given() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        node.api.put(
            "shop",
            "app",
            &json!([
                {"path": "vault.p12", "trustBundle": {"format": "PKCS12"}},
                {"path": "all.p12", "trustBundle": {"roots": "System", "format": "PKCS12"}},
            ]),
        );
        let pod = Pod::new("p");
        node.publish(&pod, "app").await.unwrap();
        let bundle = fs::read_to_string(node.root.join("ca.crt")).unwrap();
        for password in [None, Some("changeit"), Some("another")] {
            let trusted = |file: &str| trusted_by_java(&node.target(&pod).join(file), password);
            assert_eq!(trusted("vault.p12"), certificates(bundle.as_bytes()));
            assert_eq!(trusted("all.p12"), with_public(&bundle));
        }
    });
}

#[test]
fn public_certificates_count_for_the_size_of_a_volume() {
    in_private_mounts(async |root| {
        let node = Node::start(root).await;
        let files: Vec<_> = (0..20)
            .map(|n| json!({"path": format!("{n}.crt"), "trustBundle": {"roots": "System"}}))
            .collect();
        node.api.put("shop", "app", &json!(files));
        let refused = node.publish(&Pod::new("p"), "app").await.unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
        assert!(refused.message().contains("the size of the volume"), "{refused}");
    });
}
