//! Certificates as files of volumes: chain, private key and their parts, which follow a renewal together.

use std::{fs, path::PathBuf, time::Duration};

use axum::{http::StatusCode, response::IntoResponse as _};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use strongroom_certificates::{
    pem,
    pkcs12::{NewPfx, Protection, Salts},
};
use strongroom_csi::volume::certificate::SecretCertificate;
use strongroom_testing::{Authority, authority::Signed, hostile_vault::data};
use tonic::Code;

use crate::support::{Node, Pod, eventually, in_private_mounts};

const SECOND: Duration = Duration::from_secs(1);
const PFX: &str = "application/x-pkcs12";
const PEM: &str = "application/x-pem-file";
const MAY_IMPORT: &[&str] = &["get", "keys/get", "certificates/import"];

/// PEM as the node driver writes it.
fn lines(pem: &str) -> String {
    pem.replace("\r\n", "\n")
}

fn issue(authority: &Authority) -> Signed {
    authority.issue(&["shop"], &[], &[]).through(&[authority])
}

fn files() -> Value {
    let part =
        |path: &str, part: &str| json!({"path": path, "certificate": {"name": "shop-tls", "part": part}});
    let leaf = json!({"name": "shop-tls", "part": "Leaf", "format": "DER"});
    json!([
        part("tls/tls.crt", "Chain"),
        part("tls/tls.key", "PrivateKey"),
        part("tls/ca.crt", "CA"),
        part("tls/bundle.pem", "Bundle"),
        {"path": "tls/leaf.der", "certificate": leaf},
        {"path": "tls/raw", "secret": {"name": "Shop-TLS"}},
    ])
}

/// Whether the pod's files are all those of this certificate.
fn shows(node: &Node, pod: &Pod, signed: &Signed, ca: &Authority) -> bool {
    let read = |name: &str| node.read(pod, &format!("tls/{name}")).unwrap();
    let chain = lines(&signed.certificate);
    let bundle = format!("{}{}", read("tls.key"), read("tls.crt"));
    let leaf = fs::read(node.target(pod).join("tls/leaf.der")).unwrap();
    let blocks = pem::read(&chain, chain.len()).unwrap();
    read("tls.crt") == chain
        && read("ca.crt") == lines(&ca.pem())
        && read("bundle.pem") == bundle
        && leaf == *blocks[0].der
        // That the key is that of the leaf is read out of the bundle.
        && SecretCertificate::read(bundle.as_bytes()).is_ok()
        && SecretCertificate::read(read("raw").as_bytes()).is_ok()
}

#[test]
fn a_renewed_certificate_reaches_all_its_files_within_a_second_by_one_read() {
    in_private_mounts(async |root| follows_a_renewal(root, PFX).await);
}

#[test]
fn so_does_one_that_the_vault_keeps_as_pem() {
    in_private_mounts(async |root| follows_a_renewal(root, PEM).await);
}

async fn follows_a_renewal(root: PathBuf, content_type: &str) {
    let (pod, ca) = (Pod::new("p"), Authority::new("house"));
    let node = Node::start(root).await;
    node.vault.permit(MAY_IMPORT);
    let first = issue(&ca);
    node.vault.import("shop-tls", &first, content_type, true).await;
    node.api.put("shop", "app", &files());
    node.publish(&pod, "app").await.unwrap();
    node.subscribed(1).await;
    assert!(shows(&node, &pod, &first, &ca));
    let [reads, _, _, fetches] = node.vault.counts();
    assert_eq!((reads, fetches), (1, 0), "six files are of one object");

    let renewed = issue(&ca);
    node.vault.import("shop-tls", &renewed, content_type, true).await;
    eventually("every file is of the new version", SECOND, || {
        shows(&node, &pod, &renewed, &ca)
    })
    .await;
    node.acknowledges(1).await;
    assert_eq!(node.api.notes(), Vec::<String>::new());
}

#[test]
fn a_private_key_that_may_not_leave_the_vault_is_refused_and_the_chain_is_not() {
    in_private_mounts(async |root| {
        let ca = Authority::new("house");
        let node = Node::start(root).await;
        node.vault.permit(MAY_IMPORT);
        let signed = issue(&ca);
        for (name, content_type) in [("pfx", PFX), ("pem", PEM)] {
            node.vault.import(name, &signed, content_type, false).await;
            let file =
                |path: &str, part: &str| json!({"path": path, "certificate": {"name": name, "part": part}});
            let (chain, key) = (file("tls.crt", "Chain"), file("tls.key", "PrivateKey"));
            node.api.put("shop", "both", &json!([chain, key]));
            node.api.put("shop", "chain", &json!([chain]));
            let refused = node.publish(&Pod::new(&format!("{name}-both")), "both").await;
            let refused = refused.unwrap_err();
            assert_eq!(refused.code(), Code::FailedPrecondition);
            assert_eq!(
                refused.message(),
                format!(
                    "SecretRef shop/both: 1 of its files cannot be read from vault team-a/prod: tls.key (secret {name}): \
                     its private key may not leave the vault"
                )
            );
            let pod = Pod::new(name);
            node.publish(&pod, "chain").await.unwrap();
            let shown = node.read(&pod, "tls.crt").unwrap();
            assert_eq!(shown, lines(&signed.certificate));
        }
    });
}

#[test]
fn a_decoded_secret_is_the_bytes_and_what_does_not_decode_stays_out_of_the_files_and_the_events() {
    in_private_mounts(async |root| {
        let pod = Pod::new("p");
        let node = Node::start(root).await;
        let keytab = [5, 2, 0, 255, 0];
        node.vault.put("keytab", &BASE64_STANDARD.encode(keytab));
        let file = json!({"path": "krb5.keytab", "secret": {"name": "keytab", "encoding": "Base64"}});
        node.api.put("shop", "app", &json!([file]));
        node.publish(&pod, "app").await.unwrap();
        node.subscribed(1).await;
        let read = || fs::read(node.target(&pod).join("krb5.keytab")).unwrap();
        assert_eq!(read(), keytab);

        node.vault.put("keytab", "CANARY-VALUE!");
        let sentence = "secret keytab: its value is not base64; the files stay as they are";
        eventually("an event says so", SECOND, || {
            node.api.notes().iter().any(|said| said.ends_with(sentence))
        })
        .await;
        eventually("the vault knows", SECOND, || node.vault.volumes() == (1, 0, 1)).await;
        assert_eq!(read(), keytab);
        let refused = node.publish(&Pod::new("other"), "app").await.unwrap_err();
        assert!(
            refused
                .message()
                .ends_with("krb5.keytab (secret keytab): its value is not base64"),
            "{}",
            refused.message()
        );
        assert!(!node.log().contains("CANARY-VALUE"));

        node.vault.put("keytab", "BQI=");
        eventually("the file is the new one", SECOND, || read() == [5, 2]).await;
    });
}

/// What a hostile vault gives in the place of a certificate.
fn in_the_place_of_a_certificate() -> [(&'static str, String, &'static str); 5] {
    let ca = Authority::new("house");
    let signed = issue(&ca);
    let der = |text: &str| pem::read(text, text.len()).unwrap().remove(0).der.to_vec();
    let (leaf, key) = (der(&signed.certificate), der(&signed.key));
    let locked = NewPfx {
        private_key: Some(&key),
        certificates: &[&leaf],
        alias: None,
    };
    let salts = Salts {
        private_key: [1; 32],
        certificates: [2; 32],
        mac: [3; 20],
    };
    let locked = locked.to_der(Protection::Password("hunter2"), &salts).unwrap();
    [
        (
            "garbage",
            BASE64_STANDARD.encode([0x30; 9_000]),
            "it holds no certificate that can be read: the PFX is not of the form that PKCS#12 gives it",
        ),
        (
            "locked",
            BASE64_STANDARD.encode(locked.as_slice()),
            "it holds no certificate that can be read: its PFX has a password",
        ),
        (
            "long",
            signed.certificate.repeat(100),
            "the vault answered with a value of more than 25600 bytes",
        ),
        ("huge", signed.certificate.repeat(10_000), ""),
        (
            "words",
            "go to https://elsewhere.example".to_owned(),
            "it holds no certificate that can be read: it is neither PEM nor base64 of a PFX",
        ),
    ]
}

#[test]
fn what_a_hostile_vault_gives_in_the_place_of_a_certificate_is_refused_in_our_words() {
    in_private_mounts(async |root| {
        let mut node = Node::start(root).await;
        node.vault.stop().await;
        let given = in_the_place_of_a_certificate();
        let answers: &'static [_] = Vec::from(given.clone()).leak();
        let router =
            data::router(
                async move |asked: String| match answers.iter().find(|(name, ..)| *name == asked) {
                    Some((name, value, _)) => data::secret(name, value),
                    None => StatusCode::NOT_FOUND.into_response(),
                },
            );
        let _hostile = node.hostile_vault(router).await;
        for (name, _, sentence) in given {
            let file = json!({"path": "tls.crt", "certificate": {"name": name, "part": "Chain"}});
            node.api.put("shop", name, &json!([file]));
            let pod = Pod::new(name);
            let refused = node.publish(&pod, name).await.unwrap_err();
            let said = refused.message();
            let expected = format!("tls.crt (secret {name}): {sentence}");
            assert!(said.contains(&expected), "{said}");
            assert!(said.len() < 600 && !said.contains("BEGIN"), "{said}");
            assert!(!said.contains("elsewhere"), "{said}");
            assert_eq!(node.read(&pod, "tls.crt"), None);
        }
    });
}
